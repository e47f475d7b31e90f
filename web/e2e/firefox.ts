import { expect } from '@playwright/test';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { installOracle, oracleFacts } from './oracle.ts';

/** The distribution's browser; another place by ZVONOK_TEST_FIREFOX. */
const firefoxPath = process.env['ZVONOK_TEST_FIREFOX'] ?? '/usr/bin/firefox-esr';

/** Starts Firefox, which the test runner cannot drive, by WebDriver BiDi. It has no H.264 for calls here. */
export function launchFirefox(): Promise<Browser> {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: firefoxPath,
    headless: true,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.peerconnection.ice.loopback': true,
      'media.peerconnection.ice.default_address_only': false,
      'media.peerconnection.ice.obfuscate_host_addresses': false,
      'media.getusermedia.insecure.enabled': true,
      'media.autoplay.default': 0,
      'media.gmp-manager.updateEnabled': false,
    },
  });
}

/** Opens a page with eyes and ears and signs in by a personal link. */
export async function signInByLink(firefox: Browser, link: string): Promise<Page> {
  const page = await firefox.newPage();
  await page.evaluateOnNewDocument(installOracle, oracleFacts);
  await enterByLink(page, link);
  return page;
}

/** Signs in by a personal link and waits for the page after it: going elsewhere while it comes would be broken off. */
export async function enterByLink(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.waitForSelector('main button');
  await page.evaluate(() => document.querySelector<HTMLElement>('main button')?.click());
  await expect.poll(() => page.url()).not.toContain('/l/');
  await page.waitForNetworkIdle();
}
