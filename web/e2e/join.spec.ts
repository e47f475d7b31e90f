import { cast, SHARE } from './fixtures/cast.ts';
import type { Person } from './person.ts';
import { expect, heardBy, join, seenBy, share, test } from './school.ts';
import { shareTone } from './share.ts';

/** How soon the right picture must be there after something happened. */
const soon = { timeout: 1000, intervals: [30] };

test('three people see and hear each other', async ({ stage }) => {
  const { server } = stage;
  const teacher = await stage.signIn('teacher');
  const anna = await stage.signIn('anna');
  const boris = await stage.signIn('boris');
  const all = [teacher, anna, boris];
  for (const person of all) await join(person, server.lesson.id, server.url);

  for (const person of all) {
    const others = all.filter((p) => p !== person).map((p) => cast[p.role]);
    await expect.poll(() => seenBy(person)).toEqual(others.map((r) => r.number).sort((a, b) => a - b));
    await expect.poll(() => heardBy(person, 1500)).toEqual(others.map((r) => r.tone).sort((a, b) => a - b));
  }
  // Each picture hangs under its own person's name, and moves.
  for (const person of all) {
    for (const other of all.filter((p) => p !== person)) {
      const id = await other.id();
      const frames = async () =>
        (await person.see())
          .filter((s) => s.participant === id && s.source === 'camera')
          .map((s) => [s.what, s.frame]);
      // A single frame may be unreadable while its bit rate is still low.
      await expect
        .poll(async () => (await frames()).map(([what]) => what))
        .toContain(cast[other.role].number);
      const before = await frames();
      await expect.poll(frames).not.toEqual(before);
    }
    expect(person.complaints).toEqual([]);
  }
});

test('nobody else is seen or heard by one who is alone', async ({ stage }) => {
  const teacher = await stage.signIn('teacher');
  await join(teacher, stage.server.lesson.id, stage.server.url);
  const looks: string[] = [];
  await expect
    .poll(async () => looks.push(JSON.stringify([await seenBy(teacher), await heardBy(teacher)])), {
      intervals: [200],
    })
    .toBeGreaterThan(10);
  expect(new Set(looks)).toEqual(new Set([JSON.stringify([[], []])]));
});

test('five joins, five leaves and three shares show the right picture within a second, without negotiating', async ({
  stage,
}) => {
  test.setTimeout(180_000);
  const { server } = stage;
  const teacher = await stage.signIn('teacher');
  const anna = await stage.signIn('anna');
  const boris = await stage.signIn('boris');
  await join(teacher, server.lesson.id, server.url);
  await join(anna, server.lesson.id, server.url);
  await expect.poll(() => seenBy(teacher)).toEqual([cast.anna.number]);
  await expect.poll(() => seenBy(anna)).toEqual([cast.teacher.number]);
  const before = await Promise.all([teacher, anna].map((p) => p.negotiations()));
  expect(before[0]).toEqual({ createOffer: 2, setRemoteDescription: 2, connections: 2 });

  for (let round = 0; round < 5; round++) {
    await join(boris, server.lesson.id, server.url);
    await expect.poll(() => seenBy(teacher), soon).toEqual([cast.anna.number, cast.boris.number]);
    await expect.poll(() => seenBy(anna), soon).toEqual([cast.teacher.number, cast.boris.number]);
    await expect.poll(() => seenBy(boris), soon).toEqual([cast.teacher.number, cast.anna.number]);
    await boris.page.getByTestId('bar-leave').click();
    await expect.poll(() => seenBy(teacher), soon).toEqual([cast.anna.number]);
    await expect.poll(() => seenBy(anna), soon).toEqual([cast.teacher.number]);
  }
  for (let round = 0; round < 3; round++) {
    await share(teacher, true);
    await expect.poll(() => sharesSeenBy(anna), soon).toEqual([SHARE]);
    await expect.poll(() => heardBy(anna)).toContain(shareTone);
    await share(teacher, false);
    await expect.poll(() => sharesSeenBy(anna), soon).toEqual([]);
    await expect.poll(() => heardBy(anna, 300)).not.toContain(shareTone);
  }
  expect(await Promise.all([teacher, anna].map((p) => p.negotiations()))).toEqual(before);
});

async function sharesSeenBy(person: Person): Promise<number[]> {
  return (await person.see()).filter((s) => s.source === 'share' && s.what >= 0).map((s) => s.what);
}
