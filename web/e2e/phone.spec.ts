import AxeBuilder from '@axe-core/playwright';
import { cast } from './fixtures/cast.ts';
import type { Person } from './person.ts';
import { openReplay, recordingOf } from './playback.ts';
import { endForAll, expect, join, seenBy, span, test } from './school.ts';

const phone = { width: 360, height: 740 };

/** No barrier that axe knows of, in light and in dark, and nothing wider than the screen. */
async function expectFit(person: Person, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await person.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { violations } = await new AxeBuilder({ page: person.page }).analyze();
    const told = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
    expect.soft(told, `${name}, ${colorScheme}`).toEqual([]);
  }
  const wide = await person.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect.soft(wide, `${name} is wider than the screen`).toBeLessThanOrEqual(0);
}

test('every page fits a phone and has no barriers, in light and in dark', async ({ stage }) => {
  test.setTimeout(180_000);
  const { server } = stage;
  const { lesson, url } = server;
  const anna = await stage.stranger('anna', { viewport: phone });
  await anna.page.goto(`${url}/sign-in`);
  await expect(anna.page.locator('input[name=login]')).toBeVisible();
  await expectFit(anna, 'sign-in');
  await anna.page.goto(server.link('student', 0).url);
  const enter = anna.page.getByRole('button', { name: 'Это я, войти' });
  await expect(enter).toBeVisible();
  await expectFit(anna, 'personal link');
  await enter.click();
  await expect(anna.page.getByText(lesson.title).first()).toBeVisible();
  await expectFit(anna, 'today');

  const teacher = await stage.signIn('teacher', { viewport: phone });
  await join(teacher, lesson.id, url);
  await anna.page.goto(`${url}/lesson/${lesson.id}`);
  await expect(anna.page.getByTestId('join')).toBeEnabled();
  await expectFit(anna, 'green room');
  await join(anna, lesson.id, url);
  await expect.poll(() => seenBy(anna)).toEqual([cast.teacher.number]);
  await expectFit(anna, 'room');
  for (const panel of ['chat', 'people'] as const) {
    const button = anna.page.getByTestId(`bar-${panel}`);
    if (await button.isVisible()) {
      await button.click();
    } else {
      await anna.page.getByTestId('bar-more').click();
      await anna.page.getByTestId(`menu-${panel}`).click();
    }
    await expect(anna.page.getByTestId(panel)).toBeVisible();
    await expectFit(anna, panel);
    await anna.page.keyboard.press('Escape');
  }
  await span(3);
  await endForAll(teacher);
  await expectFit(anna, 'after the end');
  const { id } = await recordingOf(anna, lesson.id);
  await openReplay(anna, url, id);
  await expectFit(anna, 'replay');
});

test('the school page has no barriers', async ({ stage }) => {
  const { server } = stage;
  const admin = await stage.stranger('boris', { viewport: phone });
  await admin.page.goto(server.link('admin').url);
  await admin.page.getByRole('button', { name: 'Это я, войти' }).click();
  await expect(admin.page).not.toHaveURL(/\/l\//);
  await admin.page.goto(`${server.url}/school`);
  await expect(admin.page.getByText('7Б').first()).toBeVisible();
  await expectFit(admin, 'school');
});
