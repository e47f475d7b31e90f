import { cast, pionTones } from './fixtures/cast.ts';
import type { Person } from './person.ts';
import { expect, heardBy, join, test } from './school.ts';

/** Gathers what is heard over a time: every tone that came through at all. */
async function heardThroughout(person: Person, ms: number): Promise<number[]> {
  const since = Date.now();
  await expect.poll(() => Date.now() - since, { intervals: [250], timeout: ms + 5000 }).toBeGreaterThan(ms);
  return heardBy(person, ms);
}

test('of five voices exactly the loudest three are heard', async ({ stage }) => {
  const { server } = stage;
  const teacher = await stage.signIn('teacher');
  const anna = await stage.signIn('anna');
  const boris = await stage.signIn('boris', { soft: true });
  const music = { music: true, camera: false };
  for (const person of [teacher, anna, boris]) await join(person, server.lesson.id, server.url, music);
  await stage.talk(2, pionTones[0]);
  await stage.talk(3, pionTones[1], true);

  // The two soft ones are there, but three are louder; nobody hears themselves.
  const loud = { teacher: cast.teacher.tone, anna: cast.anna.tone, pion: pionTones[0] };
  await expect.poll(() => heardBy(boris, 1000)).toEqual([loud.teacher, loud.anna, loud.pion]);
  expect(await heardThroughout(boris, 3000)).toEqual([loud.teacher, loud.anna, loud.pion]);
  expect(await heardBy(teacher, 3000)).toEqual([loud.anna, loud.pion]);
  expect(await heardBy(anna, 3000)).toEqual([loud.teacher, loud.pion]);

  // One of the loud falls silent: a soft one takes the place.
  await anna.page.getByTestId('bar-microphone').click();
  const soft: number[] = [cast.boris.tone, pionTones[1]];
  await expect
    .poll(async () => (await heardBy(teacher, 800)).map((t) => (soft.includes(t) ? 'soft' : t)))
    .toEqual(expect.arrayContaining(['soft', loud.pion]));
  await expect.poll(() => heardBy(teacher, 800)).not.toContain(loud.anna);
});

test('a muted voice is gone within 200 ms, by oneself and by the teacher', async ({ stage }) => {
  const { server } = stage;
  const teacher = await stage.signIn('teacher');
  const anna = await stage.signIn('anna');
  await join(teacher, server.lesson.id, server.url, { camera: false });
  await join(anna, server.lesson.id, server.url, { camera: false });
  const last = async () => (await teacher.hear(2000)).find((h) => h.tone === cast.anna.tone)?.last ?? 0;
  const microphone = anna.page.getByTestId('bar-microphone');
  for (const who of ['self', 'teacher'] as const) {
    await expect.poll(() => heardBy(teacher, 500)).toContain(cast.anna.tone);
    const pressed =
      who === 'self' ? await pressedAt(anna, '[data-testid="bar-microphone"]') : await muteByTeacher(teacher);
    await expect(microphone).toHaveAttribute('data-on', 'false');
    await expect.poll(() => heardBy(teacher, 1000)).not.toContain(cast.anna.tone);
    // The oracle's window is 43 ms long and looks back.
    expect((await last()) - pressed, `muted by ${who}`).toBeLessThan(200 + 43);
    if (who === 'self') {
      await microphone.click();
      await expect(microphone).toHaveAttribute('data-on', 'true');
    }
  }
});

/** Clicks inside the page and gives the moment of the click, without the test runner's own delay. */
function pressedAt(person: Person, selector: string): Promise<number> {
  return person.page.evaluate((s) => {
    const button = document.querySelector<HTMLElement>(s);
    if (button === null) throw new Error(`no ${s}`);
    button.click();
    return performance.timeOrigin + performance.now();
  }, selector);
}

async function muteByTeacher(teacher: Person): Promise<number> {
  await teacher.page.getByTestId('bar-people').click();
  const button = teacher.page.getByTestId('person').getByTestId('mute').first();
  await expect(button).toBeVisible();
  const at = await button.evaluate((b) => {
    (b as HTMLElement).click();
    return performance.timeOrigin + performance.now();
  });
  return at;
}
