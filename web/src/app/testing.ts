// Set-up of every unit test: real words in English, and what jsdom lacks.
import { cleanup } from '@testing-library/react';
import { afterEach, beforeAll } from 'vitest';
import { startLanguage } from './i18n/index.ts';

class NoResizeObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
globalThis.ResizeObserver ??= NoResizeObserver;
window.scrollTo = () => {};

beforeAll(async () => {
  localStorage.setItem('zvonok.language', 'en');
  await startLanguage();
});
afterEach(cleanup);
