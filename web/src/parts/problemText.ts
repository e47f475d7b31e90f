import type { TFunction } from 'i18next';
import { Problem } from '@/api/problem.ts';

/** The codes whose words are in the catalogues; a code of a newer server gets the general text. */
const known = [
  'bad_request',
  'busy',
  'conflict',
  'damaged',
  'database_away',
  'forbidden',
  'insecure',
  'internal',
  'invalid',
  'lesson_ended',
  'link_invalid',
  'network',
  'not_found',
  'removed',
  'signed_out',
  'storage_away',
  'too_large',
  'too_many_tries',
  'wrong_origin',
  'wrong_password',
] as const;

type Known = (typeof known)[number];

export interface ProblemWords {
  /** What happened, one line. */
  title: string;
  /** What is safe and what to do. */
  text: string;
}

function isKnown(code: string): code is Known {
  return (known as readonly string[]).includes(code);
}

/** The one place where a failure becomes words. */
export function problemWords(failure: unknown, t: TFunction<'common'>): ProblemWords {
  const code = failure instanceof Problem && isKnown(failure.code) ? failure.code : 'unknown';
  const minutes = Math.max(1, Math.ceil(((failure instanceof Problem && failure.retryAfter) || 60) / 60));
  return { title: t(`problem.${code}.title`), text: t(`problem.${code}.text`, { count: minutes }) };
}
