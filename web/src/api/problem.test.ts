import { describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { mayPass, Problem, toProblem } from './problem.ts';

const answer = (status: number, headers: Record<string, string> = {}) =>
  new Response(null, { status, headers });

describe('toProblem', () => {
  it('reads the code, the wait and the fields', () => {
    const body = { code: 'invalid', retryAfter: 90, fields: [{ location: 'body.name', message: 'empty' }] };
    expect(toProblem(body, answer(422))).toMatchObject({
      code: 'invalid',
      status: 422,
      retryAfter: 90,
      fields: ['name'],
    });
  });

  it('takes the wait from the header when the body has none', () => {
    expect(toProblem({ code: 'busy' }, answer(503, { 'Retry-After': '3' })).retryAfter).toBe(3);
  });

  it.each([['<html>502</html>'], [undefined], [null], [{ code: 7, fields: 'x' }]])(
    'makes an unknown problem of %j',
    (body) => {
      expect(toProblem(body, answer(502))).toMatchObject({ code: 'unknown', status: 502, fields: [] });
    },
  );

  it('calls silence by its name', () => {
    expect(toProblem(new TypeError('Failed to fetch'))).toMatchObject({ code: 'network', status: 0 });
  });

  it('tells what may pass by itself', () => {
    expect(mayPass(new Problem('network', 0))).toBe(true);
    expect(mayPass(new Problem('storage_away', 503))).toBe(true);
    expect(mayPass(new Problem('forbidden', 403))).toBe(false);
    expect(mayPass(new Error('ours'))).toBe(false);
  });
});

describe('ask', () => {
  it('gives the data', async () => {
    await expect(ask(Promise.resolve({ data: 5, response: answer(200) }))).resolves.toBe(5);
  });

  it('throws what the server refused', async () => {
    const refused = { error: { code: 'forbidden' }, response: answer(403) };
    await expect(ask(Promise.resolve(refused))).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('throws a network problem when no answer came', async () => {
    await expect(ask(Promise.reject(new TypeError('offline')))).rejects.toMatchObject({ code: 'network' });
  });
});
