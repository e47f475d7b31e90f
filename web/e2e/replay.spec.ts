import { cast, SHARE } from './fixtures/cast.ts';
import { LOOP, RATE } from './fixtures/code.ts';
import type { Person } from './person.ts';
import { nearest, openReplay, recordingOf, seek, watchLive, watchReplay } from './playback.ts';
import { endForAll, expect, heardBy, join, openLink, seenBy, share, span, test } from './school.ts';
import { shareTone } from './share.ts';

const wall = () => Date.now();

/** Frames between two numbers of a loop, the shorter way round. */
function apart(a: number, b: number): number {
  const d = (((a - b) % LOOP) + LOOP) % LOOP;
  return Math.min(d, LOOP - d);
}

test('five seconds after the bell the class rewatches the lesson, and nobody else does', async ({
  stage,
}) => {
  test.setTimeout(240_000);
  const { server } = stage;
  const { lesson, url } = server;
  const teacher = await stage.signIn('teacher');
  const anna = await stage.signIn('anna');
  await join(teacher, lesson.id, url);
  await join(anna, lesson.id, url, { microphone: false, camera: false });
  await expect(teacher.page.getByTestId('recording')).toHaveAttribute('data-state', 'on');
  await expect(anna.page.getByTestId('recording')).toHaveAttribute('data-state', 'on');
  await expect.poll(() => seenBy(anna)).toEqual([cast.teacher.number]);
  const live = await watchLive(anna);

  // A lesson: eight seconds of the teacher, six of a shared screen, six of the teacher again, then muted.
  await span(8);
  const shareFrom = wall();
  await share(teacher, true);
  await span(6);
  const shareTo = wall();
  await share(teacher, false);
  await span(6);
  const mutedAt = await teacher.page.getByTestId('bar-microphone').evaluate((button: HTMLElement) => {
    button.click();
    return performance.timeOrigin + performance.now();
  });
  await span(4);
  const watched = await live();
  // A pupil who was not there waits before the list of today and opens the replay.
  const boris = await stage.signIn('boris');
  await endForAll(teacher);
  const bell = wall();
  const recording = await recordingOf(boris, lesson.id);
  await openReplay(boris, url, recording.id);
  await expect.poll(async () => (await boris.see())[0]?.what, { intervals: [50] }).toBe(cast.teacher.number);
  const waited = wall() - bell;
  test
    .info()
    .annotations.push({ type: 'first picture of the replay after the bell', description: `${waited} ms` });
  expect(waited).toBeLessThan(5000);
  const at = (moment: number) => (moment - recording.startedAt) / 1000;

  // The stage: who was on it, and no cut later than a second.
  const shots = await watchReplay(boris, 0, at(mutedAt) + 2);
  const whoAt = (from: number, to: number) => [
    ...new Set(shots.filter((s) => s.at > from && s.at < to).map((s) => s.what)),
  ];
  expect(whoAt(1, at(shareFrom) - 0.2)).toEqual([cast.teacher.number]);
  expect(whoAt(at(shareFrom) + 1, at(shareTo) - 0.2)).toEqual([SHARE]);
  expect(whoAt(at(shareTo) + 1, at(mutedAt))).toEqual([cast.teacher.number]);

  // The right pictures at the right time: each frame within half a second of when a live receiver saw it.
  const pairs = shots
    .filter((s) => s.what === cast.teacher.number)
    .map((s) => ({ s, l: nearest(watched, recording.startedAt + s.at * 1000) }))
    .filter(({ l }) => l !== null && l.what === cast.teacher.number);
  expect(pairs.length).toBeGreaterThan(100);
  const off = pairs.map(({ s, l }) => apart(s.frame, l?.frame ?? -1) / RATE).sort((a, b) => a - b);
  expect(off[Math.floor(off.length * 0.95)]).toBeLessThan(0.5);

  // Sound: the teacher's tone, the screen's while it was shared, silence within 200 ms after the mute.
  const heard = (tone: number) => shots.filter((s) => s.tones.includes(tone)).map((s) => s.at);
  expect(heard(cast.teacher.tone).length).toBeGreaterThan(50);
  const shared = heard(shareTone);
  expect(Math.min(...shared)).toBeGreaterThan(at(shareFrom) - 0.3);
  expect(Math.min(...shared)).toBeLessThan(at(shareFrom) + 1.5);
  expect(Math.max(...shared)).toBeLessThan(at(shareTo) + 1.2);
  // A shot's tones are those within 60 ms of it, and shots are 67 ms apart.
  const silentAfter = Math.max(...heard(cast.teacher.tone)) - at(mutedAt);
  test
    .info()
    .annotations.push({ type: 'recorded voice after its mute', description: `${silentAfter.toFixed(2)} s` });
  expect(silentAfter).toBeLessThan(0.2 + 0.13);

  // Seeking, and double speed.
  await seek(boris, at(shareFrom) + 3);
  await expect.poll(async () => (await boris.see())[0]?.what).toBe(SHARE);
  await seek(boris, 2);
  await expect.poll(async () => (await boris.see())[0]?.what).toBe(cast.teacher.number);
  await expect.poll(() => heardBy(boris, 800)).toContain(cast.teacher.tone);
  await expect.poll(() => rateOf(boris, 2)).toBeGreaterThan(1.7);

  await refuseOthers(boris, recording.id);

  async function refuseOthers(allowed: Person, id: string): Promise<void> {
    const paths = await pathsOf(allowed, id);
    const other = await stage.stranger('vera');
    await other.page.goto(`${url}/replay/${id}`);
    await expect(other.page.locator('video')).toHaveCount(0);
    for (const path of paths) {
      expect([path, await allowed.status(path)]).toEqual([path, 200]);
      expect([path, await other.status(path)]).toEqual([path, 401]);
    }
    const link = server.links.find((l) => l.role === 'student' && l.class === '8А');
    await openLink(other, link?.url ?? '');
    await other.page.goto(`${url}/replay/${id}`);
    await expect(other.page.locator('main')).toBeVisible();
    await expect(other.page.locator('video')).toHaveCount(0);
    for (const path of paths) {
      expect([path, await allowed.status(path)]).toEqual([path, 200]);
      expect([403, 404]).toContain(await other.status(path));
    }
    const { recordings } = (await other.fetchJSON('/api/v1/today')) as { recordings: unknown[] };
    expect(recordings).toEqual([]);
  }
});

test('the teacher deletes a recording, and it is gone for all', async ({ stage }) => {
  const { server } = stage;
  const teacher = await stage.signIn('teacher');
  await join(teacher, server.lesson.id, server.url);
  await expect(teacher.page.getByTestId('recording')).toHaveAttribute('data-state', 'on');
  await span(4);
  await endForAll(teacher);
  const anna = await stage.signIn('anna');
  const { id } = await recordingOf(anna, server.lesson.id);
  const paths = await pathsOf(anna, id);
  for (const path of paths) expect([path, await anna.status(path)]).toEqual([path, 200]);
  // A pupil may not.
  expect(await erase(anna, id)).toBe(403);
  expect(await erase(teacher, id)).toBe(204);
  for (const path of paths) expect([path, await anna.status(path)]).toEqual([path, 404]);
});

function erase(person: Person, id: string): Promise<number> {
  return person.page.evaluate(
    async (url) =>
      (await fetch(url, { method: 'DELETE', headers: { 'Content-Type': 'application/json' } })).status,
    `/api/v1/recordings/${id}`,
  );
}

/** How fast the element's clock runs against the wall when played at a rate. */
async function rateOf(person: Person, rate: number): Promise<number> {
  return person.page.evaluate(async (rate) => {
    const video = document.querySelector('video');
    if (video === null) return 0;
    video.playbackRate = rate;
    const [t, at] = [performance.now(), video.currentTime];
    await new Promise((done) => setTimeout(done, 1500));
    return (video.currentTime - at) / ((performance.now() - t) / 1000);
  }, rate);
}

/** One of each kind that a replay consists of: facts, playlists, an init, a segment and a key. */
async function pathsOf(person: Person, id: string): Promise<string[]> {
  const base = `/api/v1/recordings/${id}`;
  const resolve = (name: string) => new URL(name, `http://x${base}/`).pathname;
  const video = await person.fetchText(`${base}/video.m3u8`);
  const first = (pattern: RegExp) => resolve(pattern.exec(video)?.[1] ?? 'missing');
  return [
    base,
    ...['master', 'video', 'audio'].map((name) => `${base}/${name}.m3u8`),
    first(/#EXT-X-MAP:.*URI="([^"]*init[^"]*)"/),
    first(/#EXT-X-KEY:.*URI="([^"]+)"/),
    first(/^([^#\n]*segments\/[^\n]+)$/m),
  ];
}
