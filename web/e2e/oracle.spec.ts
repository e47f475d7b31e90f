import { expect, type Page, test } from '@playwright/test';
import { cast, tones } from './fixtures/cast.ts';
import { encodeStrip, LOOP, STRIP } from './fixtures/code.ts';
import { Person } from './person.ts';

// The instruments themselves: what they read must be what was sent, and where nothing was sent they must read nothing.

/** Serves an empty page from a secure origin, without a server. */
async function openEmptyPage(page: Page): Promise<void> {
  await page.route('http://localhost/**', (r) =>
    r.fulfill({ contentType: 'text/html', body: '<!doctype html><body>' }),
  );
  await page.goto('http://localhost/');
}

/** Sends camera and microphone to a second connection in the same page, by H.264 simulcast of which only one layer lives. */
async function loopback(page: Page, layer: { scale: number; bitrate: number }): Promise<void> {
  await page.evaluate(async ({ scale, bitrate }) => {
    const media = await navigator.mediaDevices.getUserMedia({
      video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { max: 15 } },
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    const from = new RTCPeerConnection();
    const to = new RTCPeerConnection();
    from.onicecandidate = (e) => void (e.candidate && to.addIceCandidate(e.candidate));
    to.onicecandidate = (e) => void (e.candidate && from.addIceCandidate(e.candidate));
    to.ontrack = ({ track }) => {
      const element = document.createElement(track.kind === 'video' ? 'video' : 'audio');
      element.autoplay = true;
      element.srcObject = new MediaStream([track]);
      document.body.append(element);
    };
    for (const track of media.getTracks()) {
      const transceiver = from.addTransceiver(track, {
        direction: 'sendonly',
        ...(track.kind === 'video'
          ? { sendEncodings: [{ scaleResolutionDownBy: scale, maxBitrate: bitrate }] }
          : {}),
      });
      if (track.kind !== 'video') continue;
      const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
      transceiver.setCodecPreferences(codecs.filter((c) => c.mimeType === 'video/H264'));
    }
    await from.setLocalDescription(await from.createOffer());
    await to.setRemoteDescription(from.localDescription as RTCSessionDescription);
    await to.setLocalDescription(await to.createAnswer());
    await from.setRemoteDescription(to.localDescription as RTCSessionDescription);
  }, layer);
}

test('reads person and frame from a camera after H.264 at 180p, and hears the tone', async () => {
  const teacher = await Person.arrive({ role: 'teacher' });
  try {
    await openEmptyPage(teacher.page);
    await loopback(teacher.page, { scale: 4, bitrate: 120_000 });
    await expect.poll(async () => (await teacher.see())[0]?.what).toBe(cast.teacher.number);
    expect((await teacher.see())[0]).toMatchObject({ width: 320, height: 180 });
    await expectAdvances(teacher);
    await expect.poll(async () => (await teacher.hear(1500)).map((h) => h.tone)).toEqual([cast.teacher.tone]);
    // Noise suppression learns what is steady within seconds; it must not eat the tone.
    const since = Date.now();
    await expect
      .poll(() => Date.now() - since, { timeout: 12_000, intervals: [1000] })
      .toBeGreaterThan(10_000);
    expect((await teacher.hear(1500)).map((h) => h.tone)).toEqual([cast.teacher.tone]);
    expect((await teacher.negotiations()).createOffer).toBe(1);
  } finally {
    await teacher.leave();
  }
});

/** Frame numbers move at the camera's rate: at least 20 new ones within two seconds or so, all of them valid. */
async function expectAdvances(person: Person): Promise<void> {
  await person.page.evaluate(() => window.oracle.watch('video'));
  await expect
    .poll(async () => (await person.page.evaluate(() => window.oracle.watched())).length)
    .toBeGreaterThan(30);
  const all = await person.page.evaluate(() => window.oracle.watched());
  const valid = all.filter((r) => r.what === cast[person.role].number);
  expect(valid.length / all.length).toBeGreaterThan(0.95);
  const steps = valid.slice(1).map((r, i) => (r.frame - (valid[i]?.frame ?? 0) + LOOP) % LOOP);
  expect(steps.filter((s) => s === 1).length).toBeGreaterThan(steps.length * 0.7);
}

test('reads the smallest layer of a small camera', async () => {
  const anna = await Person.arrive({ role: 'anna' });
  try {
    await openEmptyPage(anna.page);
    await loopback(anna.page, { scale: 4, bitrate: 60_000 });
    await expect
      .poll(async () => (await anna.see())[0])
      .toMatchObject({ what: cast.anna.number, width: 160 });
    await expectAdvances(anna);
  } finally {
    await anna.leave();
  }
});

test('reads nothing where there is no code, a broken one or two that differ', async () => {
  const anna = await Person.arrive({ role: 'anna' });
  try {
    await openEmptyPage(anna.page);
    const read = (top: readonly number[], bottom: readonly number[]) =>
      anna.page.evaluate(
        ({ top, bottom, strip }) => {
          const c = new OffscreenCanvas(320, 180);
          const pen = c.getContext('2d');
          if (pen === null) throw new Error('no canvas');
          pen.fillStyle = '#888';
          pen.fillRect(0, 0, 320, 180);
          const paint = (cells: readonly number[], y: number) =>
            cells.forEach((on, i) => {
              pen.fillStyle = on === 1 ? '#fff' : '#000';
              pen.fillRect((i * 320) / cells.length, y, 320 / cells.length + 1, 180 * strip);
            });
          paint(top, 0);
          paint(bottom, 180 * (1 - strip));
          return window.oracle.readPicture(c, 320, 180);
        },
        { top, bottom, strip: STRIP },
      );
    const good = encodeStrip(3, 77);
    expect(await read(good, good)).toEqual({ what: 3, frame: 77 });
    expect(await read(good, [])).toEqual({ what: 3, frame: 77 });
    const nothing = { what: -1, frame: -1 };
    expect(await read([], [])).toEqual(nothing);
    expect(await read(good, encodeStrip(3, 78))).toEqual(nothing);
    for (let cell = 2; cell < 24; cell++) {
      const flipped = good.map((v, i) => (i === cell ? 1 - v : v));
      expect(await read(flipped, flipped)).toEqual(nothing);
    }
  } finally {
    await anna.leave();
  }
});

test('hears several tones at once and none in noise, silence or a muted element', async () => {
  const anna = await Person.arrive({ role: 'anna' });
  try {
    await openEmptyPage(anna.page);
    const play = (kind: 'tones' | 'noise', muted: boolean) =>
      anna.page.evaluate(
        ({ kind, muted, tones }) => {
          const audio = new AudioContext({ sampleRate: 48000 });
          const out = audio.createMediaStreamDestination();
          if (kind === 'noise') {
            const noise = audio.createBufferSource();
            noise.buffer = audio.createBuffer(1, 48000, 48000);
            noise.buffer.copyToChannel(
              Float32Array.from({ length: 48000 }, () => Math.random() - 0.5),
              0,
            );
            noise.loop = true;
            noise.connect(out);
            noise.start();
          }
          for (const tone of kind === 'tones' ? tones : []) {
            const oscillator = new OscillatorNode(audio, { frequency: tone });
            oscillator.connect(new GainNode(audio, { gain: 0.1 })).connect(out);
            oscillator.start();
          }
          document.querySelector('audio')?.remove();
          const element = document.createElement('audio');
          element.srcObject = out.stream;
          element.muted = muted;
          document.body.append(element);
          return element.play();
        },
        { kind, muted, tones: [tones[0] ?? 0, tones[3] ?? 0, tones[6] ?? 0] },
      );
    await play('tones', false);
    const three = [tones[0], tones[3], tones[6]];
    await expect
      .poll(async () => (await anna.hear(500)).map((h) => h.tone).sort((a, b) => a - b))
      .toEqual(three);
    await play('tones', true);
    await expect.poll(async () => (await anna.hear(500)).length).toBe(0);
    await play('noise', false);
    const readings: number[] = [];
    await expect
      .poll(async () => readings.push((await anna.hear(200)).length), { intervals: [200] })
      .toBeGreaterThan(12);
    expect(readings.slice(2).filter((n) => n > 1)).toEqual([]);
  } finally {
    await anna.leave();
  }
});
