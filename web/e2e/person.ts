import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from '@playwright/test';
import type { RoleName } from './fixtures/cast.ts';
import { filesOf } from './fixtures/make.ts';
import { type Heard, installOracle, type Negotiations, oracleFacts, type Seen } from './oracle.ts';
import { installScreen, shareFacts } from './share.ts';

/** The distribution's browser; another place by ZVONOK_TEST_CHROMIUM. */
export const chromiumPath = process.env['ZVONOK_TEST_CHROMIUM'] ?? '/usr/bin/chromium';

export interface PersonOptions {
  /** Which fake camera and microphone. */
  readonly role: RoleName;
  readonly viewport?: { width: number; height: number };
  /** Pixels of the screen to one of CSS, 1 by default. */
  readonly density?: number;
  readonly language?: string;
  readonly scheme?: 'light' | 'dark';
  /**
   * Denied: the browser answers every request for a camera or microphone with no. None: it has neither.
   * Asked: permissions are the context's, as a person gives and takes them.
   */
  readonly devices?: 'granted' | 'denied' | 'none' | 'asked';
  /** The browser plays sound only after a touch of the page, as it does for everybody who did not set it up for tests. */
  readonly silent?: boolean;
  /** Speaks 30 dB below the others. */
  readonly soft?: boolean;
  /** Camera and shared screen carry no code: for pictures that people look at. */
  readonly plain?: boolean;
  /** Further flags of the browser. */
  readonly flags?: readonly string[];
}

const permissionFlags: Record<NonNullable<PersonOptions['devices']>, readonly string[]> = {
  granted: ['--use-fake-ui-for-media-stream'],
  denied: ['--deny-permission-prompts'],
  none: ['--use-fake-ui-for-media-stream'],
  asked: [],
};

/** Someone at a browser of their own: fake devices belong to the whole browser process. */
export class Person {
  private browserSession: CDPSession | undefined;

  private constructor(
    readonly role: RoleName,
    readonly browser: Browser,
    readonly context: BrowserContext,
    readonly page: Page,
    /** What the page wrote to the console as errors, and exceptions. */
    readonly complaints: string[],
  ) {}

  static async arrive(options: PersonOptions): Promise<Person> {
    const { camera, microphone } = filesOf(options.role, options.soft, options.plain);
    const devices = options.devices ?? 'granted';
    const browser = await chromium.launch({
      executablePath: chromiumPath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--mute-audio',
        ...(devices === 'none' ? [] : ['--use-fake-device-for-media-stream']),
        ...permissionFlags[devices],
        ...(options.silent === true ? [] : ['--autoplay-policy=no-user-gesture-required']),
        `--use-file-for-fake-video-capture=${camera}`,
        `--use-file-for-fake-audio-capture=${microphone}`,
        '--auto-select-desktop-capture-source=Entire screen',
        ...(options.flags ?? []),
      ],
    });
    const context = await browser.newContext({
      viewport: options.viewport ?? { width: 1280, height: 800 },
      deviceScaleFactor: options.density ?? 1,
      locale: options.language ?? 'ru-RU',
      colorScheme: options.scheme ?? 'light',
      ignoreHTTPSErrors: true,
    });
    await context.addInitScript(installOracle, oracleFacts);
    await context.addInitScript(installScreen, {
      ...shareFacts,
      tall: options.plain === true ? 0 : shareFacts.tall,
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (err) => complaints.push(String(err)));
    page.on('console', (m) => {
      if (m.type() === 'error') complaints.push(`${m.text()} ${m.location().url}`);
    });
    return new Person(options.role, browser, context, page, complaints);
  }

  see(): Promise<Seen[]> {
    return this.page.evaluate(() => window.oracle.see());
  }

  hear(ms: number): Promise<Heard[]> {
    return this.page.evaluate((span) => window.oracle.hear(span), ms);
  }

  negotiations(): Promise<Negotiations> {
    return this.page.evaluate(() => window.oracle.negotiations());
  }

  /** Id in the school, which the hooks of the room call participant. */
  async id(): Promise<string> {
    const { person } = (await this.fetchJSON('/api/v1/me')) as { person: { id: string } };
    return person.id;
  }

  /** What the server answers this person's browser: a GET of the page's own origin. */
  status(path: string): Promise<number> {
    return this.page.evaluate(async (url) => (await fetch(url, { cache: 'no-store' })).status, path);
  }

  fetchText(path: string): Promise<string> {
    return this.page.evaluate(async (url) => (await fetch(url, { cache: 'no-store' })).text(), path);
  }

  async fetchJSON(path: string, send?: unknown): Promise<unknown> {
    const { status, text } = await this.page.evaluate(
      async ({ url, body }) => {
        const answer = await fetch(
          url,
          body === undefined ? {} : { method: 'POST', body, headers: { 'Content-Type': 'application/json' } },
        );
        return { status: answer.status, text: await answer.text() };
      },
      { url: path, body: send === undefined ? undefined : JSON.stringify(send) },
    );
    if (status >= 300) throw new Error(`${path} answered ${status}: ${text}`);
    return JSON.parse(text);
  }

  /** Allows or denies a device as the person does by the icon beside the address; for those who are asked. */
  async permit(device: 'camera' | 'microphone', setting: 'granted' | 'denied'): Promise<void> {
    const page = await this.context.newCDPSession(this.page);
    const { targetInfo } = await page.send('Target.getTargetInfo');
    await page.detach();
    // What was set holds as long as the session that set it.
    this.browserSession ??= await this.browser.newBrowserCDPSession();
    const { browserContextId } = targetInfo;
    await this.browserSession.send('Browser.setPermission', {
      permission: { name: device },
      setting,
      ...(browserContextId === undefined ? {} : { browserContextId }),
    });
  }

  async leave(): Promise<void> {
    await this.browser.close();
  }
}
