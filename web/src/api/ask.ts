import { toProblem } from './problem.ts';

interface Answer<T> {
  data?: T | undefined;
  error?: unknown;
  response?: Response;
}

/** Waits for a call of the generated client: its data, or a Problem thrown. */
export async function ask<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (silence) {
    throw toProblem(silence);
  }
  if (!answer.response?.ok) throw toProblem(answer.error, answer.response);
  return answer.data as T; // an answer without a body has the type undefined in the document
}
