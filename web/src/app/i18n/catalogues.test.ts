import { describe, expect, it } from 'vitest';

type Words = { [key: string]: string | Words };

const catalogues = import.meta.glob<Words>('./{ru,en}/*.json', { eager: true, import: 'default' });
const namespaces = [...new Set(Object.keys(catalogues).map((path) => path.replace(/^.*\//, '')))];

function flat(words: Words, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(words)) {
    if (typeof value === 'string') found.set(prefix + key, value);
    else for (const [inner, text] of flat(value, `${prefix}${key}.`)) found.set(inner, text);
  }
  return found;
}

const plural = /_(zero|one|two|few|many|other)$/;

/** Keys without their plural endings, since languages have different ones. */
function bases(words: Map<string, string>): string[] {
  return [...new Set([...words.keys()].map((key) => key.replace(plural, '')))].sort();
}

function holes(text: string): string[] {
  return [...new Set([...text.matchAll(/\{\{(\w+)/g)].map((found) => found[1] ?? ''))].sort();
}

function of(language: 'ru' | 'en', namespace: string): Map<string, string> {
  const words = catalogues[`./${language}/${namespace}`];
  expect(words, `${language}/${namespace} is missing`).toBeDefined();
  return flat(words ?? {});
}

describe.each(namespaces)('%s', (namespace) => {
  it('has the same keys in both languages', () => {
    expect(bases(of('en', namespace))).toEqual(bases(of('ru', namespace)));
  });

  it('has the same values to fill in', () => {
    const en = of('en', namespace);
    for (const [key, text] of of('ru', namespace)) {
      const other = en.get(key) ?? en.get(key.replace(plural, '_other'));
      expect(holes(other ?? ''), key).toEqual(holes(text));
    }
  });

  it.each(['ru', 'en'] as const)('has every plural form that %s needs', (language) => {
    const words = of(language, namespace);
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const key of words.keys()) {
      if (!plural.test(key)) continue;
      for (const form of forms)
        expect(words.has(key.replace(plural, `_${form}`)), `${key}: ${form}`).toBe(true);
    }
  });

  it.each(['ru', 'en'] as const)('leaves nothing empty in %s', (language) => {
    for (const [key, text] of of(language, namespace)) expect(text.trim(), key).not.toBe('');
  });
});
