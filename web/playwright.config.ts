import { defineConfig } from '@playwright/test';

// One worker: the specs measure time on a machine of two cores, and each brings up to four browsers and a server.
export default defineConfig({
  testDir: 'e2e',
  globalSetup: './e2e/fixtures/make.ts',
  outputDir: 'test-results',
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  timeout: 120_000,
  globalTimeout: 20 * 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list'], ['json', { outputFile: 'test-results/browser.json' }]],
});
