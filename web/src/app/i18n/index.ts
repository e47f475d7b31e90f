import i18next, { type BackendModule } from 'i18next';
import { initReactI18next } from 'react-i18next';
import { firstLanguage } from '@/parts/language.ts';

// Each catalogue is a file of its own in the build: a page loads its words in one language only.
const catalogues = import.meta.glob<Record<string, unknown>>('./{ru,en}/*.json', { import: 'default' });

const fromFiles: BackendModule = {
  type: 'backend',
  init() {},
  read(language, namespace, done) {
    const load = catalogues[`./${language}/${namespace}.json`];
    if (!load) return done(new Error(`no catalogue ${language}/${namespace}`), false);
    load().then(
      (words) => done(null, words),
      (failure: unknown) => done(failure instanceof Error ? failure : String(failure), false),
    );
  },
};

function say(language: string) {
  document.documentElement.lang = language;
}

/** Resolves when the words of the first page are here; the words of the other pages come with them. */
export async function startLanguage(): Promise<void> {
  i18next.on('languageChanged', say);
  await i18next
    .use(fromFiles)
    .use(initReactI18next)
    .init({
      lng: firstLanguage(),
      supportedLngs: ['ru', 'en'],
      ns: ['common'],
      defaultNS: 'common',
      fallbackLng: false, // a missing key is a failing test (catalogues.test.ts), not a word in another language
      interpolation: { escapeValue: false }, // React escapes
      returnNull: false,
    });
}
