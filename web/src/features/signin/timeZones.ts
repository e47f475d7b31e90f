import type { SelectOption } from '@/ui/Select.tsx';

/** The zone of this device, which is nearly always the school's. */
export function deviceZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'Europe/Moscow';
}

function offsetOf(zone: string, now: Date): { minutes: number; text: string } {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(
    now,
  );
  const text = parts.find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  const found = /([+-])(\d\d):(\d\d)/.exec(text);
  const minutes = found ? Number(`${found[1]}1`) * (Number(found[2]) * 60 + Number(found[3])) : 0;
  return { minutes, text: text.replace('GMT', 'UTC') };
}

/** Every zone the browser knows, from west to east, as "UTC+03:00 · Moscow". */
export function timeZones(now: Date, language: string): SelectOption[] {
  const names = new Set([...Intl.supportedValuesOf('timeZone'), deviceZone()]);
  const zones = [...names].map((zone) => {
    const { minutes, text } = offsetOf(zone, now);
    const place = zone.replace(/_/g, ' ').replace(/^.*\//, '');
    return { zone, minutes, label: `${text} · ${place}` };
  });
  zones.sort((a, b) => a.minutes - b.minutes || a.label.localeCompare(b.label, language));
  return zones.map(({ zone, label }) => ({ value: zone, label }));
}
