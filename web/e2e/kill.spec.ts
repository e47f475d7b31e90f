import { cast } from './fixtures/cast.ts';
import { openReplay, recordingOf, watchLive, watchReplay } from './playback.ts';
import { endForAll, expect, expectInside, heardBy, join, seenBy, span, test } from './school.ts';

test('after kill -9 the lesson and its recording go on by themselves', async ({ stage }) => {
  test.setTimeout(240_000);
  const { server } = stage;
  const { lesson, url } = server;
  const teacher = await stage.signIn('teacher');
  const anna = await stage.signIn('anna');
  await join(teacher, lesson.id, url);
  await join(anna, lesson.id, url, { microphone: false, camera: false });
  await expect(anna.page.getByTestId('recording')).toHaveAttribute('data-state', 'on');
  await expect.poll(() => seenBy(anna)).toEqual([cast.teacher.number]);
  const live = await watchLive(anna);
  await span(6);

  await server.kill();
  const killed = Date.now();
  const watched = await live();
  await server.restart();
  for (const person of [teacher, anna]) await expectInside(person, 10_000);
  await expect.poll(() => seenBy(anna), { timeout: 10_000 }).toEqual([cast.teacher.number]);
  await expect.poll(() => heardBy(anna), { timeout: 10_000 }).toEqual([cast.teacher.tone]);
  test.info().annotations.push({
    type: 'back in the room after kill -9',
    description: `${Date.now() - killed} ms, the server's start included`,
  });
  await expect(anna.page.getByTestId('recording')).toHaveAttribute('data-state', 'on');
  await span(5);
  const beforeBell = Date.now();
  await endForAll(teacher);

  const recording = await recordingOf(anna, lesson.id);
  const facts = (await anna.fetchJSON(`/api/v1/recordings/${recording.id}`)) as {
    seconds: number;
    gaps: { from: number; to: number }[];
  };
  const at = (moment: number) => (moment - recording.startedAt) / 1000;
  expect(facts.gaps).toHaveLength(1);
  const { from, to } = facts.gaps[0] ?? { from: 0, to: 0 };
  expect(from).toBeGreaterThan(at(killed) - 0.5 - 0.1);
  expect(from).toBeLessThan(at(killed) + 0.5);
  expect(to).toBeGreaterThan(from);
  expect(facts.seconds).toBeGreaterThan(at(beforeBell) - 1);

  // What a live receiver saw up to half a second before the end is there, and so is what came after the gap.
  await openReplay(anna, url, recording.id);
  const shots = await watchReplay(anna, Math.max(0, from - 4), Math.min(to + 4, facts.seconds - 0.5));
  const wanted = watched.filter((l) => l.now > killed - 3000 && l.now < killed - 500 && l.what > 0);
  expect(wanted.length).toBeGreaterThan(15);
  const kept = new Set(shots.filter((s) => s.at < to).map((s) => s.frame));
  const missing = wanted.filter((l) => !kept.has(l.frame)).map((l) => l.now - killed);
  // A picture that the playing browser skipped is not missing; the last ones must be there.
  expect(missing.length).toBeLessThan(wanted.length * 0.2);
  expect(missing.filter((m) => m > -700).length).toBeLessThan(2);
  expect(shots.filter((s) => s.at > to + 1 && s.what === cast.teacher.number).length).toBeGreaterThan(15);
});
