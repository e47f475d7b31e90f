import i18next from 'i18next';
import { describe, expect, it } from 'vitest';
import { Problem } from '@/api/problem.ts';
import document from '../../../api/openapi.json';
import { preferred } from './language.ts';
import { problemWords } from './problemText.ts';
import { safeNext } from './safeNext.ts';
import { clock, lengthText, position } from './time.ts';

describe('problemWords', () => {
  const t = i18next.getFixedT('en', 'common');

  it('has words for every code of the server', () => {
    const codes: readonly string[] = document.components.schemas.Problem.properties.code.enum;
    const rare = new Set(['method_not_allowed']); // only a program could meet it
    for (const code of codes) {
      if (rare.has(code)) continue;
      expect(problemWords(new Problem(code, 400), t).title, code).not.toBe('That did not work');
    }
  });

  it('is honest about a code of a newer server and about our own mistakes', () => {
    expect(problemWords(new Problem('tomorrow', 418), t).title).toBe('That did not work');
    expect(problemWords(new Error('bug'), t).title).toBe('That did not work');
  });

  it('says how long to wait, in minutes', () => {
    expect(problemWords(new Problem('too_many_tries', 429, 61), t).text).toContain('2 minutes');
    expect(problemWords(new Problem('too_many_tries', 429, 5), t).text).toContain('1 minute ');
  });
});

describe('safeNext', () => {
  it.each(['/', '/school', '/replay/5#t=4', '/lesson/1?x=/y'])('goes to %s', (path) => {
    expect(safeNext(path)).toBe(path);
  });

  it.each([
    ...[
      undefined,
      '',
      'school',
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      '/\t/evil.example',
    ],
    ...['javascript:alert(1)', '/sign-in', '/sign-in?next=/', '/l/secret', '/setup/secret'],
  ])('does not go to %j', (path) => {
    expect(safeNext(path)).toBe('/');
  });
});

describe('time', () => {
  it('is the school’s, wherever the pupil is', () => {
    expect(clock('2026-11-23T07:30:00Z', 'Europe/Moscow', 'ru')).toBe('10:30');
    expect(clock('2026-11-23T07:30:00Z', 'Asia/Vladivostok', 'en')).toBe('17:30');
  });

  it.each([
    [0, '0:00'],
    [67.9, '1:07'],
    [3847, '1:04:07'],
  ])('%d s is at %s', (seconds, text) => expect(position(seconds)).toBe(text));

  it.each([
    [20, '20 s'],
    [2580, '43 min'],
    [3900, '1 h 05 min'],
    [3599, '1 h 00 min'],
  ])('%d s is as long as %s', (seconds, text) => {
    expect(lengthText(seconds, i18next.getFixedT('en', 'common'))).toBe(text);
  });
});

describe('language', () => {
  it.each([
    [['ru-RU', 'en'], 'ru'],
    [['en-GB', 'ru'], 'en'],
    [['de', 'ru'], 'ru'],
    [['de'], 'en'],
    [[], 'en'],
  ] as const)('of %j is %s', (asked, language) => expect(preferred(asked)).toBe(language));
});
