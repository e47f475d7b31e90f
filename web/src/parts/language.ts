import i18next from 'i18next';

export type Language = 'ru' | 'en';

const key = 'zvonok.language';

/** Russian when the browser's first known language is Russian, else English. */
export function preferred(asked: readonly string[]): Language {
  const first = asked
    .map((tag) => tag.toLowerCase().split('-')[0])
    .find((tag) => tag === 'ru' || tag === 'en');
  return first === 'ru' ? 'ru' : 'en';
}

/** The language chosen earlier on this device, or the browser's. */
export function firstLanguage(): Language {
  try {
    const kept = localStorage.getItem(key);
    if (kept === 'ru' || kept === 'en') return kept;
  } catch {
    // Storage is forbidden here: the browser's language decides.
  }
  return preferred(navigator.languages);
}

function remember(language: Language): void {
  try {
    localStorage.setItem(key, language);
  } catch {
    // Storage is forbidden here: the choice holds until the page is closed.
  }
}

/** Changes the language of everything shown, at once, and keeps the choice on this device. */
export async function chooseLanguage(language: Language): Promise<void> {
  remember(language);
  await i18next.changeLanguage(language);
}
