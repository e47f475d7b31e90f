import type { Locator } from '@playwright/test';
import { cast } from './fixtures/cast.ts';
import type { Person } from './person.ts';
import { expect, expectInside, openLink, seenBy, test } from './school.ts';

/** A window of 1280x800 at 200 %: half as many pixels of CSS, twice as dense. */
const zoomed = { viewport: { width: 640, height: 400 }, density: 2 };

/** Every control in it can be brought into view whole, lies under nothing, and the page is no wider than the window. */
async function expectReachable(within: Locator, where: string): Promise<void> {
  await expect(within).toBeVisible();
  const found = await within.evaluate((root) => {
    const out: string[] = [];
    if (document.documentElement.scrollWidth > window.innerWidth) out.push('wider than the window');
    for (const control of root.querySelectorAll<HTMLElement>('button, a, select, input, textarea, h1, p')) {
      // The link past the navigation shows itself only to the keyboard.
      if (!control.checkVisibility() || control.matches('a[href^="#"], .visually-hidden')) continue;
      control.scrollIntoView({ block: 'center' });
      const { left, top, right, bottom, width, height } = control.getBoundingClientRect();
      const name = control.getAttribute('aria-label') ?? control.textContent ?? '';
      const inside = left >= -1 && top >= -1 && right <= innerWidth + 1 && bottom <= innerHeight + 1;
      if (!inside) out.push(`${control.tagName} ${name} is cut off`);
      const over = document.elementFromPoint(left + width / 2, top + height / 2);
      const own = over !== null && (control.contains(over) || over.contains(control));
      if (!own) out.push(`${control.tagName} ${name} is covered by ${over?.tagName}`);
    }
    return out;
  });
  expect.soft(found, where).toEqual([]);
}

/** Makes the page's processor four times slower than this machine's. */
async function slowDown(person: Person): Promise<void> {
  const session = await person.context.newCDPSession(person.page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
}

test('at 200 % on a slow computer one gets in, and every control is within reach', async ({ stage }) => {
  const { server } = stage;
  const lesson = `${server.url}/lesson/${server.lesson.id}`;
  const anna = await stage.stranger('anna', zoomed);
  await anna.page.emulateMedia({ reducedMotion: 'reduce' });
  await slowDown(anna);
  await openLink(anna, server.link('student', 0).url);
  await expectReachable(anna.page.locator('body'), 'today');
  await anna.page.goto(lesson);
  await expect(anna.page.getByTestId('level')).toBeVisible();
  await expectReachable(anna.page.locator('body'), 'green room');
  await anna.page.getByTestId('join').click();
  await expect(anna.page.getByRole('heading', { name: 'Ждём учителя' })).toBeVisible();
  await expectReachable(anna.page.locator('body'), 'waiting');

  const teacher = await stage.signIn('teacher');
  await teacher.page.goto(lesson);
  await teacher.page.getByTestId('join').click();
  await expectInside(anna);
  await expect.poll(() => seenBy(anna)).toEqual([cast.teacher.number]);
  await expect.poll(() => seenBy(teacher)).toEqual([cast.anna.number]);
  await expectReachable(anna.page.locator('body'), 'room');
  await anna.page.getByTestId('bar-microphone').click();
  await expect(anna.page.getByTestId('bar-microphone')).toHaveAttribute('data-on', 'false');
  await anna.page.getByTestId('bar-chat').click();
  await expectReachable(anna.page.getByTestId('chat'), 'chat');
  await anna.page.getByTestId('bar-leave').click();
  await expect(anna.page).toHaveURL(`${server.url}/`);
});
