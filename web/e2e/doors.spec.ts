import AxeBuilder from '@axe-core/playwright';
import { type Door, Encoder } from './door.ts';
import { cast, pionTones } from './fixtures/cast.ts';
import type { Person } from './person.ts';
import { openReplay, recordingOf, watchReplay } from './playback.ts';
import { endForAll, expect, heardBy, join, seenBy, span, test } from './school.ts';

const tone = pionTones[0];
const quiet = { microphone: false, camera: false };

async function openDoors({ page }: Person): Promise<void> {
  await page.getByTestId('bar-more').click();
  await page.getByTestId('menu-doors').click();
}

/** Makes a door with the keyboard alone, as far as the page in which the key is shown. */
async function makeDoor({ page }: Person, name: string): Promise<Door> {
  await page.getByTestId('door-new').press('Enter');
  await expect(page.getByTestId('door-name')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('door-name')).toHaveAttribute('aria-invalid', 'true'); // nameless
  await page.keyboard.type(name);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('door-token')).toBeVisible();
  const shown = async (name: string) => (await page.getByTestId(`door-${name}`).textContent()) ?? '';
  return { url: await shown('url'), token: await shown('token') };
}

/** Pictures of the device's camera that this person's browser has decoded. */
function decoded({ page }: Person, device: string): Promise<number> {
  return page.evaluate((id) => {
    const video = document.querySelector<HTMLVideoElement>(`video[data-participant="${id}"]`);
    return video?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
  }, device);
}

/** The id under which a device is in the room. */
async function deviceOf(person: Person, lesson: string): Promise<string> {
  const { doors } = (await person.fetchJSON(`/api/v1/lessons/${lesson}/doors`)) as {
    doors: { deviceId: string }[];
  };
  return doors[0]?.deviceId ?? '';
}

test('a camera with a key is seen, heard and recorded, and is gone when the key is taken back', async ({
  stage,
}) => {
  test.setTimeout(180_000);
  const { server } = stage;
  const { lesson, url } = server;
  const teacher = await stage.signIn('teacher');
  const anna = await stage.signIn('anna');
  await teacher.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await join(teacher, lesson.id, url, quiet);
  await join(anna, lesson.id, url, quiet);
  await expect(teacher.page.getByTestId('recording')).toHaveAttribute('data-state', 'on');

  await openDoors(teacher);
  const door = await makeDoor(teacher, 'Камера в зале');
  expect(door.url).toBe(`${url}/whip`);
  await teacher.page.getByTestId('door-copy-token').click();
  expect(await teacher.page.evaluate(() => navigator.clipboard.readText())).toBe(door.token);
  // The key is there until it is put away, and then never again.
  await teacher.page.keyboard.press('Escape');
  await expect(teacher.page.getByTestId('door-token')).toBeVisible();
  await teacher.page.getByTestId('door-done').click();
  const row = teacher.page.getByTestId('door');
  await expect(row).toHaveAttribute('data-state', 'away');
  expect(await teacher.page.content()).not.toContain(door.token);

  const encoder = new Encoder(door, 'vera', tone);
  try {
    await expect(row, encoder.log).toHaveAttribute('data-state', 'sends');
    await teacher.page.keyboard.press('Escape');
    await expect.poll(() => seenBy(teacher)).toEqual([cast.vera.number]);
    await expect.poll(() => heardBy(anna)).toEqual([tone]);
    const device = await deviceOf(teacher, lesson.id);
    const before = await decoded(teacher, device);
    await span(6);
    const pictures = (await decoded(teacher, device)) - before;
    test
      .info()
      .annotations.push({ type: 'pictures decoded in 6 s of 15 a second', description: `${pictures}` });
    expect(pictures).toBeGreaterThan(60);

    await openDoors(teacher);
    await row.getByTestId('door-revoke').click();
    await teacher.page.keyboard.press('Enter'); // keeping has the focus
    await expect(row).toHaveAttribute('data-state', 'sends');
    await row.getByTestId('door-revoke').click();
    const tile = anna.page.locator(`[data-participant="${device}"]`);
    await expect(tile).not.toHaveCount(0);
    const pressed = Date.now();
    await teacher.page.getByTestId('door-revoke-yes').click();
    await expect(tile).toHaveCount(0);
    const took = Date.now() - pressed;
    test.info().annotations.push({ type: 'from the press to no tile', description: `${took} ms` });
    expect(took).toBeLessThan(2000);
    await expect(row).toHaveCount(0);
    await teacher.page.keyboard.press('Escape');
    await expect.poll(() => seenBy(teacher)).toEqual([]);
    await expect.poll(() => heardBy(anna)).toEqual([]);
  } finally {
    await encoder.stop();
  }
  const again = await fetch(door.url, { method: 'POST', headers: { Authorization: `Bearer ${door.token}` } });
  expect([again.status, again.headers.get('WWW-Authenticate')]).toEqual([
    401,
    'Bearer realm="zvonok", error="invalid_token"',
  ]);
  expect(server.log).not.toContain(door.token);

  await endForAll(teacher);
  const recording = await recordingOf(anna, lesson.id);
  await openReplay(anna, url, recording.id);
  await expect.poll(async () => (await anna.see())[0]?.what, { intervals: [50] }).toBe(cast.vera.number);
  const shots = await watchReplay(anna, 0, recording.seconds - 1);
  const recorded = shots.filter((s) => s.what === cast.vera.number);
  const voiced = recorded.filter((s) => s.tones.includes(tone));
  const told = `${recorded.length} pictures, ${voiced.length} with the tone`;
  test.info().annotations.push({ type: 'of the device in the replay', description: told });
  expect(recorded.length).toBeGreaterThan(60);
  expect(voiced.length).toBeGreaterThan(recorded.length * 0.9);
});

/** No barrier that axe knows of, in light and in dark, and nothing wider than the screen. */
async function expectFit({ page }: Person, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const told = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
    expect.soft(told, `${name}, ${colorScheme}`).toEqual([]);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect.soft(wide, `${name} is wider than the screen`).toBeLessThanOrEqual(0);
}

test('the dialog fits a phone, in English, and only staff have it', async ({ stage }) => {
  const { server } = stage;
  const teacher = await stage.signIn('teacher', { viewport: { width: 320, height: 640 }, language: 'en-GB' });
  const anna = await stage.signIn('anna');
  await join(teacher, server.lesson.id, server.url, quiet);
  await join(anna, server.lesson.id, server.url, quiet);
  await openDoors(teacher);
  await expect(teacher.page.getByRole('heading', { name: 'Camera or mixer' })).toBeVisible();
  await expectFit(teacher, 'no devices');
  await teacher.page.getByTestId('door-new').click();
  await expectFit(teacher, 'new device');
  await teacher.page.getByTestId('door-kind').selectOption('watch');
  await teacher.page.getByTestId('door-name').fill('Константинопольский-Рождественский экран в вестибюле');
  await teacher.page.getByTestId('door-make').click();
  await expect(teacher.page.getByTestId('door-url')).toHaveText(`${server.url}/whep`);
  await expectFit(teacher, 'key');
  await teacher.page.getByTestId('door-done').click();
  await expectFit(teacher, 'list');
  await teacher.page.getByTestId('door-revoke').click();
  await expectFit(teacher, 'taking the key back');

  await anna.page.getByTestId('bar-more').click();
  await expect(anna.page.getByTestId('menu-settings')).toBeVisible();
  await expect(anna.page.getByTestId('menu-doors')).toHaveCount(0);
  expect(await anna.status(`/api/v1/lessons/${server.lesson.id}/doors`)).toBe(403);
});
