import { test as base, expect } from '@playwright/test';
import type { RoleName } from './fixtures/cast.ts';
import { Person, type PersonOptions } from './person.ts';
import { type DemoLink, Server, Talker } from './server.ts';

/** Which person of the demo school plays which role. */
export const parts = {
  teacher: ['teacher', 0],
  anna: ['student', 0],
  boris: ['student', 1],
  vera: ['student', 2],
} as const satisfies Record<RoleName, readonly [DemoLink['role'], number]>;

export interface Stage {
  readonly server: Server;
  /** Opens a browser and signs in by the personal link. */
  signIn(role: RoleName, options?: Partial<PersonOptions>): Promise<Person>;
  /** Opens a browser that nobody signed in. */
  stranger(role: RoleName, options?: Partial<PersonOptions>): Promise<Person>;
  /** A voice by a Pion client, the demo school's student of that index. */
  talk(student: number, tone: number, soft?: boolean): Promise<Talker>;
}

/** Each test gets a server of its own, and whoever it brought is sent home afterwards. */
export const test = base.extend<{ stage: Stage }>({
  // biome-ignore lint/correctness/noEmptyPattern: the test runner reads the names in the first parameter
  stage: async ({}, use, info) => {
    const server = await Server.start();
    const people: Person[] = [];
    const talkers: Talker[] = [];
    const stranger = async (role: RoleName, options: Partial<PersonOptions> = {}) => {
      const person = await Person.arrive({ role, ...options });
      people.push(person);
      return person;
    };
    const signIn = async (role: RoleName, options: Partial<PersonOptions> = {}) => {
      const person = await stranger(role, options);
      const [kind, index] = parts[role];
      await openLink(person, server.link(kind, index).url);
      return person;
    };
    const talk = async (student: number, tone: number, soft = false) => {
      const link = server.link('student', student).url;
      const talker = await Talker.arrive(link, server.lesson.id, tone, soft);
      talkers.push(talker);
      return talker;
    };
    let sad = false;
    try {
      await use({ server, signIn, stranger, talk });
    } finally {
      sad = info.status !== info.expectedStatus;
      for (const [i, person] of people.entries()) {
        if (sad && person.browser.isConnected()) {
          const body = await person.page.screenshot({ timeout: 5000 }).catch(() => null);
          if (body !== null) await info.attach(`${i}-${person.role}.png`, { body, contentType: 'image/png' });
          const complaints = person.complaints.join('\n');
          await info.attach(`${i}-${person.role}.txt`, { body: `${person.page.url()}\n${complaints}` });
        }
        await person.leave();
      }
      for (const talker of talkers) await talker.leave();
      if (sad) await info.attach('server.log', { body: server.log });
      await server.stop();
    }
  },
});

export { expect };

/** Opens a personal link and presses its one button; the person lands on Today or where the link leads. */
export async function openLink(person: Person, url: string): Promise<void> {
  person.complaints.length = 0;
  await person.page.goto(url);
  await person.page.getByRole('button', { name: /Это я, войти|That.s me/ }).click();
  await expect(person.page).not.toHaveURL(/\/l\//);
  await expect(person.page.getByRole('heading').first()).toBeVisible();
  // The next page is there: nothing about the used link was asked again.
  expect(person.complaints.filter((c) => !c.includes('/api/v1/me'))).toEqual([]);
  person.complaints.length = 0;
}

const root = '[data-testid="room"]';

/** Opens the lesson, passes the green room with devices on or off, and waits until sound and pictures can come. */
export async function join(
  person: Person,
  lesson: string,
  origin: string,
  devices: { microphone?: boolean; camera?: boolean; music?: boolean } = {},
): Promise<void> {
  const { page } = person;
  if (devices.music === true) {
    await page.evaluate(() => localStorage.setItem('zvonok.room', JSON.stringify({ sound: 'music' })));
  }
  await page.goto(`${origin}/lesson/${lesson}`);
  await expect(page.getByTestId('join')).toBeEnabled();
  for (const kind of ['microphone', 'camera'] as const) {
    const wanted = String(devices[kind] ?? true);
    const button = page.getByTestId(`green-${kind}`);
    if ((await button.getAttribute('aria-pressed')) !== wanted) await button.click();
    await expect(button).toHaveAttribute('aria-pressed', wanted);
  }
  await page.getByTestId('join').click();
  await expectInside(person);
}

/** In the room, connected both ways. */
export async function expectInside(person: Person, timeout = 20_000): Promise<void> {
  await expect(person.page.locator(root)).toHaveAttribute('data-state', /live|waiting/, { timeout });
  await expect(person.page.locator(root)).toHaveAttribute('data-media', 'connected', { timeout });
}

/** Numbers of those whose camera is to be read on this person's page (own previews are no proof and left out). */
export async function seenBy(person: Person): Promise<number[]> {
  const numbers = (await person.see())
    .filter((s) => s.participant !== '' && s.source !== '')
    .map((s) => s.what);
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** Tones that sounded on this person's page in the last ms. */
export async function heardBy(person: Person, ms = 1000): Promise<number[]> {
  return (await person.hear(ms)).map((h) => h.tone).sort((a, b) => a - b);
}

/** Starts or stops sharing the screen. */
export async function share(person: Person, on: boolean): Promise<void> {
  const button = person.page.getByTestId('bar-share');
  await button.click();
  await expect(button).toHaveAttribute('data-on', String(on));
}

/** The teacher ends the lesson for everybody. */
export async function endForAll(teacher: Person): Promise<void> {
  await teacher.page.getByTestId('bar-leave').click();
  await teacher.page.getByTestId('end-for-all').click();
  await expect(teacher.page.locator(root)).toHaveAttribute('data-state', 'ended');
}

/** Lets a part of the lesson pass, in seconds: what is recorded has a length. */
export async function span(seconds: number): Promise<void> {
  const until = Date.now() + seconds * 1000;
  const patience = { intervals: [100], timeout: seconds * 1000 + 5000 };
  await expect.poll(() => Date.now() >= until, patience).toBe(true);
}
