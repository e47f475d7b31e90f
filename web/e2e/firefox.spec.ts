import type { Page } from 'puppeteer-core';
import { enterByLink, launchFirefox } from './firefox.ts';
import { cast } from './fixtures/cast.ts';
import { encodeStrip, LOOP, RATE, STRIP } from './fixtures/code.ts';
import { installOracle, oracleFacts, type Seen } from './oracle.ts';
import { expect, join, test } from './school.ts';

/** Number that is painted into Firefox's camera. */
const number = 9;

const cameraFacts = {
  strips: Array.from({ length: LOOP }, (_, frame) => encodeStrip(number, frame)),
  rate: RATE,
  tall: STRIP,
};

/** Firefox has no fake camera from a file: the picture is painted, the microphone is its fake one. */
function installCamera(facts: typeof cameraFacts): void {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = new MediaStream();
    if (wanted?.audio) for (const t of (await ask({ audio: true })).getTracks()) stream.addTrack(t);
    if (!wanted?.video) return stream;
    const canvas = document.createElement('canvas');
    canvas.width = 640;
    canvas.height = 360;
    const pen = canvas.getContext('2d');
    if (pen === null) throw new Error('no canvas');
    let frame = 0;
    const paint = () => {
      pen.fillStyle = '#667788';
      pen.fillRect(0, 0, 640, 360);
      (facts.strips[frame++ % facts.strips.length] ?? []).forEach((on, i, all) => {
        pen.fillStyle = on === 1 ? '#fff' : '#000';
        const width = 640 / all.length;
        pen.fillRect(i * width, 0, width + 1, 360 * facts.tall);
        pen.fillRect(i * width, 360 * (1 - facts.tall), width + 1, 360 * facts.tall);
      });
    };
    paint();
    setInterval(paint, 1000 / facts.rate);
    for (const t of canvas.captureStream(facts.rate).getVideoTracks()) stream.addTrack(t);
    return stream;
  };
}

const seenIn = (page: Page): Promise<Seen[]> => page.evaluate(() => window.oracle.see());

test('Firefox without H.264 sees and is seen', async ({ stage }) => {
  const { server } = stage;
  const teacher = await stage.signIn('teacher');
  await join(teacher, server.lesson.id, server.url);
  const firefox = await launchFirefox();
  try {
    const page = await firefox.newPage();
    await page.evaluateOnNewDocument(installOracle, oracleFacts);
    await page.evaluateOnNewDocument(installCamera, cameraFacts);
    await enterByLink(page, server.link('student', 1).url);
    const codecs = await page.evaluate(() =>
      (RTCRtpReceiver.getCapabilities('video')?.codecs ?? []).map((c) => c.mimeType.toLowerCase()),
    );
    expect(codecs, 'this Firefox is to have no H.264').not.toContain('video/h264');
    await page.goto(`${server.url}/lesson/${server.lesson.id}`);
    await page.waitForSelector('[data-testid="join"]:not([disabled])');
    await page.click('[data-testid="join"]');

    const teacherIn = async () => (await seenIn(page)).find((s) => s.participant !== '' && s.what > 0);
    await expect.poll(async () => (await teacherIn())?.what, { timeout: 30_000 }).toBe(cast.teacher.number);
    const first = (await teacherIn())?.frame;
    await expect.poll(async () => (await teacherIn())?.frame).not.toBe(first);

    const guestAt = async () => (await teacher.see()).find((s) => s.participant !== '' && s.what > 0);
    await expect.poll(async () => (await guestAt())?.what, { timeout: 30_000 }).toBe(number);
    const before = (await guestAt())?.frame;
    await expect.poll(async () => (await guestAt())?.frame).not.toBe(before);
    expect((await teacher.negotiations()).createOffer).toBe(2);
  } finally {
    await firefox.close();
  }
});
