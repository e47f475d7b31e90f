import { expect, it } from 'vitest';
import { deviceProblem } from './errors.ts';

it.each([
  ['NotAllowedError', 'denied'],
  ['SecurityError', 'denied'],
  ['NotFoundError', 'missing'],
  ['OverconstrainedError', 'missing'],
  ['NotReadableError', 'busy'],
  ['AbortError', 'busy'],
  ['TypeError', 'unknown'],
])('%s is %s', (name, kind) => {
  expect(deviceProblem(new DOMException('x', name), true).kind).toBe(kind);
});

it('blames the address when the page is not secure', () => {
  expect(deviceProblem(new TypeError('mediaDevices is undefined'), false).kind).toBe('insecure');
});

it('keeps the detail for developers', () => {
  expect(deviceProblem(new DOMException('in use', 'NotReadableError'), true).detail).toBe(
    'NotReadableError: in use',
  );
});
