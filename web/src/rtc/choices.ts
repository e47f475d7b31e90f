/** What the person chose in the green room, kept on this device. */
export interface Choices {
  /** Device ids; empty for the system's default. */
  readonly microphone: string;
  readonly camera: string;
  readonly speaker: string;
  readonly microphoneOn: boolean;
  readonly cameraOn: boolean;
  /** Music keeps the sound as it is: no noise suppression, echo cancellation or automatic gain. */
  readonly sound: 'speech' | 'music';
  readonly keys: boolean; // single-letter shortcuts
}

export const firstChoices: Choices = {
  microphone: '',
  camera: '',
  speaker: '',
  microphoneOn: true,
  cameraOn: true,
  sound: 'speech',
  keys: true,
};

const choicesKey = 'zvonok.room';
const insideKey = 'zvonok.inside';
const deviceKey = 'zvonok.tab';

function read(storage: () => Storage, key: string): string | null {
  try {
    return storage().getItem(key);
  } catch {
    return null; // storage is forbidden here
  }
}

function write(storage: () => Storage, key: string, value: string): void {
  try {
    storage().setItem(key, value);
  } catch {
    // Storage is forbidden or full: the choice holds until the page is closed.
  }
}

/** Takes only what has the right type: an older version of the client may have written it. */
export function parseChoices(text: string | null): Choices {
  let kept: unknown;
  try {
    kept = JSON.parse(text ?? '{}');
  } catch {
    return firstChoices;
  }
  if (typeof kept !== 'object' || kept === null) return firstChoices;
  const known = Object.entries(firstChoices).map(([key, fallback]) => {
    const value = (kept as Record<string, unknown>)[key];
    return [key, typeof value === typeof fallback ? value : fallback] as const;
  });
  const choices = Object.fromEntries(known) as unknown as Choices;
  return choices.sound === 'music' ? choices : { ...choices, sound: 'speech' };
}

export function loadChoices(): Choices {
  return parseChoices(read(() => localStorage, choicesKey));
}

export function saveChoices(choices: Choices): void {
  write(() => localStorage, choicesKey, JSON.stringify(choices));
}

/** Whether this tab is in the lesson, so that a reload comes back without the green room. */
export function isInside(lesson: string): boolean {
  return read(() => sessionStorage, insideKey) === lesson;
}

export function setInside(lesson: string | null): void {
  write(() => sessionStorage, insideKey, lesson ?? '');
}

/** Random per tab, survives a reload. */
export function tabId(): string {
  const kept = read(() => sessionStorage, deviceKey);
  if (kept) return kept;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const fresh = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  write(() => sessionStorage, deviceKey, fresh);
  return fresh;
}
