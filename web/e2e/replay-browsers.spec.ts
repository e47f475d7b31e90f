import { createDecipheriv } from 'node:crypto';
import type { Page } from 'puppeteer-core';
import { launchFirefox, signInByLink } from './firefox.ts';
import { cast } from './fixtures/cast.ts';
import type { Person } from './person.ts';
import { openReplay, recordingOf, type Shot, seek, watchReplay } from './playback.ts';
import { endForAll, expect, join, span, test } from './school.ts';

const teacherOf = (shots: readonly Shot[], from: number, to: number) =>
  new Set(
    shots.filter((s) => s.at > from && s.at < to && s.what === cast.teacher.number).map((s) => s.frame),
  );

/** Plays from a place in a Firefox page and gathers the teacher's frames within a span of seconds. */
async function framesInFirefox(page: Page, from: number, to: number): Promise<number> {
  await page.evaluate((at) => {
    const video = document.querySelector('video');
    if (video === null) throw new Error('no player');
    video.currentTime = at;
    return video.play();
  }, from);
  const frames = new Set<number>();
  await expect
    .poll(
      async () => {
        const seen = (await page.evaluate(() => window.oracle.see()))[0];
        if (seen?.what === cast.teacher.number && seen.at >= from) frames.add(seen.frame);
        return seen?.at ?? 0;
      },
      { timeout: (to - from) * 1000 + 15_000, intervals: [60] },
    )
    .toBeGreaterThan(to);
  return frames.size;
}

test('a lesson that changes its codec in the middle is rewatched through the change, in Firefox too', async ({
  stage,
}) => {
  const { server } = stage;
  const { lesson, url } = server;
  const teacher = await stage.signIn('teacher');
  await join(teacher, lesson.id, url);
  await expect(teacher.page.getByTestId('recording')).toHaveAttribute('data-state', 'on');
  const firefox = await launchFirefox();
  try {
    const page = await signInByLink(firefox, server.link('student', 1).url);
    await page.goto(`${url}/lesson/${lesson.id}`);
    await page.waitForSelector('[data-testid="join"]:not([disabled])');
    for (const kind of ['microphone', 'camera']) await page.click(`[data-testid="green-${kind}"]`);
    await span(2);
    const changed = Date.now();
    await page.click('[data-testid="join"]');
    const seen = async () => (await page.evaluate(() => window.oracle.see())).find((s) => s.what > 0)?.what;
    await expect.poll(seen, { timeout: 30_000 }).toBe(cast.teacher.number);
    await span(7);
    await endForAll(teacher);
    const recording = await recordingOf(teacher, lesson.id);
    const at = (changed - recording.startedAt) / 1000;
    const master = await teacher.fetchText(`/api/v1/recordings/${recording.id}/master.m3u8`);
    expect(master).toMatch(/avc1[^\n]*vp09/);

    await openReplay(teacher, url, recording.id);
    const shots = await watchReplay(teacher, Math.max(0, at - 3), recording.seconds - 0.7);
    const before = teacherOf(shots, 0, at).size;
    const after = teacherOf(shots, at + 3, recording.seconds).size;
    test
      .info()
      .annotations.push({ type: 'frames before and after in hls.js', description: `${before}, ${after}` });
    expect(before).toBeGreaterThan(20);
    expect(after).toBeGreaterThan(20);
    // And back over the change.
    await seek(teacher, at - 2);
    await expect.poll(async () => (await teacher.see())[0]?.what).toBe(cast.teacher.number);
    expect(teacher.complaints).toEqual([]);

    await page.goto(`${url}/replay/${recording.id}`);
    await page.waitForSelector('video');
    const early = await framesInFirefox(page, Math.max(0.5, at - 3), at);
    const late = await framesInFirefox(page, at + 4, recording.seconds - 0.7);
    test.info().annotations.push({ type: 'frames in Firefox: H.264, VP9', description: `${early}, ${late}` });
    expect(early).toBeGreaterThan(10);
    expect(late).toBeGreaterThan(10);
  } finally {
    await firefox.close();
  }
});

/**
 * Takes the encryption off between server and player: Chromium's own HLS player, unlike Safari's, cannot read an encrypted
 * initialisation section. What is tested is the rest of the way: the page's choice and the playlist's structure.
 */
async function unlock(person: Person, base: string): Promise<void> {
  const locks = new Map<string, { key: string; iv: string }>();
  await person.context.route(/\/(video|audio)\.m3u8$/, async (route) => {
    const answer = await route.fetch();
    let lock: { key: string; iv: string } | undefined;
    const body = (await answer.text()).split('\n').filter((line) => {
      const [, key, iv] = /^#EXT-X-KEY:METHOD=AES-128,URI="([^"]+)",IV=0x(\w+)/.exec(line) ?? [];
      if (key !== undefined && iv !== undefined) lock = { key, iv };
      else if (line.startsWith('#EXT-X-KEY')) lock = undefined;
      const name = /URI="(init[^"]+)"/.exec(line)?.[1] ?? (line.startsWith('segments/') ? line : undefined);
      if (name !== undefined && lock !== undefined) locks.set(name, lock);
      return !line.startsWith('#EXT-X-KEY');
    });
    await route.fulfill({ response: answer, body: body.join('\n') });
  });
  await person.context.route(/\/(init|segments)\/[^/]+$/, async (route) => {
    const name = new URL(route.request().url()).pathname.split('/').slice(-2).join('/');
    const lock = locks.get(name);
    if (lock === undefined) throw new Error(`${name} is in no playlist`);
    const read = async (path: string) => (await person.context.request.get(`${base}/${path}`)).body();
    const opening = createDecipheriv('aes-128-cbc', await read(lock.key), Buffer.from(lock.iv, 'hex'));
    const body = Buffer.concat([opening.update(await read(name)), opening.final()]);
    await route.fulfill({ status: 200, contentType: 'video/mp4', body });
  });
}

test('a browser without MediaSource plays the same playlist by itself', async ({ stage }) => {
  const { server } = stage;
  const { lesson, url } = server;
  const teacher = await stage.signIn('teacher');
  await join(teacher, lesson.id, url);
  await expect(teacher.page.getByTestId('recording')).toHaveAttribute('data-state', 'on');
  await span(7);
  await endForAll(teacher);
  const recording = await recordingOf(teacher, lesson.id);
  await teacher.context.addInitScript(() => {
    for (const name of ['MediaSource', 'ManagedMediaSource', 'WebKitMediaSource']) {
      Reflect.deleteProperty(window, name);
    }
  });
  await unlock(teacher, `${url}/api/v1/recordings/${recording.id}`);
  await openReplay(teacher, url, recording.id);
  const { source, left } = await teacher.page.evaluate(() => ({
    source: document.querySelector('video')?.currentSrc ?? '',
    left: 'MediaSource' in window,
  }));
  expect(left).toBe(false);
  expect(source).toContain(`/recordings/${recording.id}/master.m3u8`);
  const shots = await watchReplay(teacher, 1, recording.seconds - 1);
  expect(teacherOf(shots, 1, recording.seconds).size).toBeGreaterThan(25);
  expect(shots.filter((s) => s.tones.includes(cast.teacher.tone)).length).toBeGreaterThan(10);
  await seek(teacher, 2);
  await expect.poll(async () => (await teacher.see())[0]?.what).toBe(cast.teacher.number);
});
