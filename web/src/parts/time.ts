import type { TFunction } from 'i18next';

/** English as schools with a 24-hour timetable write it. */
function locale(language: string): string {
  return language === 'en' ? 'en-GB' : language;
}

/** "10:30" in the school's time zone: the bell rings by the school's clock, wherever the pupil is. */
export function clock(at: string | Date, timeZone: string, language: string): string {
  return new Intl.DateTimeFormat(locale(language), { timeZone, hour: '2-digit', minute: '2-digit' }).format(
    new Date(at),
  );
}

/** "Monday, 23 November" in the school's time zone. */
export function day(at: string | Date, timeZone: string, language: string): string {
  const text = new Intl.DateTimeFormat(locale(language), {
    timeZone,
    weekday: 'long',
    day: 'numeric',
    month: 'long',
  }).format(new Date(at));
  return text.charAt(0).toLocaleUpperCase(language) + text.slice(1);
}

/** "23 Nov, 10:30" in the school's time zone. */
export function moment(at: string | Date, timeZone: string, language: string): string {
  return new Intl.DateTimeFormat(locale(language), {
    timeZone,
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }).format(new Date(at));
}

/** A length in words: "1 h 05 min", "43 min", "20 s". */
export function lengthText(seconds: number, t: TFunction<'common'>): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return t('length.seconds', { seconds: whole });
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return t('length.minutes', { minutes });
  return t('length.hours', {
    hours: Math.floor(minutes / 60),
    minutes: String(minutes % 60).padStart(2, '0'),
  });
}

/** A place in a recording: "4:07", "1:04:07". */
export function position(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const s = String(whole % 60).padStart(2, '0');
  const m = Math.floor(whole / 60) % 60;
  const h = Math.floor(whole / 3600);
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`;
}
