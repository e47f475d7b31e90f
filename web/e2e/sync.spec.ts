import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { togetherFile } from './fixtures/make.ts';
import type { Person } from './person.ts';
import { openReplay, recordingOf, seek } from './playback.ts';
import { endForAll, expect, join, span, test } from './school.ts';

/** One flash with its beep: how much later the beep came, in ms. */
type Lags = number[];

/** Runs in the page before its own scripts: the camera flashes white and the microphone beeps, once a second together. */
function installFlashAndBeep(): void {
  const make = () => {
    const canvas = document.createElement('canvas');
    canvas.width = 640;
    canvas.height = 360;
    const pen = canvas.getContext('2d');
    const audio = new AudioContext({ sampleRate: 48000 });
    const out = audio.createMediaStreamDestination();
    const gain = new GainNode(audio, { gain: 0 });
    const tone = new OscillatorNode(audio, { frequency: 1000 });
    tone.connect(gain).connect(out);
    tone.start();
    let tick = 0;
    setInterval(() => {
      const white = tick % 30 < 4;
      if (tick % 30 === 0) gain.gain.value = 0.5;
      if (tick % 30 === 4) gain.gain.value = 0;
      tick++;
      if (pen === null) return;
      pen.fillStyle = white ? '#fff' : '#000';
      pen.fillRect(0, 0, 640, 360);
      pen.fillStyle = '#777';
      pen.fillRect(((tick * 7) % 600) + 10, 300, 20, 20);
    }, 1000 / 30);
    return new MediaStream([...canvas.captureStream(30).getTracks(), ...out.stream.getTracks()]);
  };
  let made: MediaStream | undefined;
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    made ??= make();
    const tracks = made.getTracks().filter((t) => (t.kind === 'video' ? wanted?.video : wanted?.audio));
    return new MediaStream(tracks.map((t) => t.clone()));
  };
}

/** Gathers lags from an element that plays, found by its selector. */
function lagsOf(page: Page, selector: string, events: number): Promise<Lags> {
  return page.evaluate(
    async ({ selector, events }) => {
      const video = document.querySelector<HTMLVideoElement & { captureStream(): MediaStream }>(selector);
      if (video === null) throw new Error(`no ${selector}`);
      const stream = video.srcObject instanceof MediaStream ? video.srcObject : video.captureStream();
      const audio = new AudioContext({ sampleRate: 48000 });
      const analyser = audio.createAnalyser();
      analyser.fftSize = 4096;
      audio.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(analyser);
      const samples = new Float32Array(4096);
      const pen = new OffscreenCanvas(4, 4).getContext('2d', { willReadFrequently: true });
      const flashes: number[] = [];
      const beeps: number[] = [];
      let dark = false;
      let live = true;
      const onPicture = (_: number, facts: VideoFrameCallbackMetadata) => {
        pen?.drawImage(video, 0, 0, 4, 4);
        const light = pen?.getImageData(1, 1, 1, 1).data[0] ?? 0;
        if (light > 150 && dark) flashes.push(facts.presentationTime);
        dark = light < 100;
        if (live) video.requestVideoFrameCallback(onPicture);
      };
      video.requestVideoFrameCallback(onPicture);
      const timer = setInterval(() => {
        const now = performance.now();
        analyser.getFloatTimeDomainData(samples);
        const first = samples.findIndex((s) => Math.abs(s) > 0.1);
        // Only a beginning counts: silence must stand before it in the window.
        if (first < 1000) return;
        const at = now - ((samples.length - first) / 48000) * 1000;
        if (at - (beeps.at(-1) ?? -1000) > 500) beeps.push(at);
      }, 10);
      const until = performance.now() + 20_000;
      while (flashes.length < events + 1 && performance.now() < until) {
        await new Promise((next) => setTimeout(next, 50));
      }
      live = false;
      clearInterval(timer);
      await audio.close();
      return flashes
        .map((f) => beeps.map((b) => b - f).sort((a, b) => Math.abs(a) - Math.abs(b))[0])
        .filter((lag): lag is number => lag !== undefined && Math.abs(lag) < 450);
    },
    { selector, events },
  );
}

/** A connection inside the page itself: what browser and measurement add without a server or a recording. */
function openLoopback(page: Page): Promise<void> {
  return page.evaluate(async () => {
    const media = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
    const from = new RTCPeerConnection();
    const to = new RTCPeerConnection();
    from.onicecandidate = (e) => void (e.candidate && to.addIceCandidate(e.candidate));
    to.onicecandidate = (e) => void (e.candidate && from.addIceCandidate(e.candidate));
    const element = document.createElement('video');
    element.id = 'loopback';
    element.autoplay = true;
    element.style.cssText = 'position:fixed;top:0;left:0;width:160px;z-index:99';
    to.ontrack = ({ streams }) => {
      element.srcObject = streams[0] ?? null;
    };
    for (const track of media.getTracks()) from.addTrack(track, media);
    await from.setLocalDescription(await from.createOffer());
    await to.setRemoteDescription(from.localDescription as RTCSessionDescription);
    await to.setLocalDescription(await to.createAnswer());
    await from.setRemoteDescription(to.localDescription as RTCSessionDescription);
    document.body.append(element);
  });
}

/** What the measurement itself adds in an element that plays a file: captured sound runs ahead of presented pictures. */
async function ownError(person: Person): Promise<number> {
  const page = await person.context.newPage();
  await page.route('http://localhost/**', (r) =>
    r.request().url().endsWith('.mp4')
      ? r.fulfill({ contentType: 'video/mp4', body: readFileSync(togetherFile()) })
      : r.fulfill({
          contentType: 'text/html',
          body: '<!doctype html><video autoplay src=together.mp4></video>',
        }),
  );
  await page.goto('http://localhost/');
  await expect
    .poll(() => page.evaluate(() => document.querySelector('video')?.currentTime ?? 0))
    .toBeGreaterThan(1);
  const lags = await lagsOf(page, 'video', 8);
  await page.close();
  expect(lags.length).toBeGreaterThan(5);
  return median(lags);
}

const median = (lags: Lags) => [...lags].sort((a, b) => a - b)[Math.floor(lags.length / 2)] ?? Number.NaN;

test('sound and picture of a replay are together, within 80 ms of a direct connection', async ({ stage }) => {
  const { server } = stage;
  const teacher = await stage.signIn('teacher');
  await teacher.context.addInitScript(installFlashAndBeep);
  await join(teacher, server.lesson.id, server.url, { music: true });
  await expect(teacher.page.getByTestId('recording')).toHaveAttribute('data-state', 'on');
  await openLoopback(teacher.page);
  // A jitter buffer that has grown under load delays the sound until it has shrunk again: the reference is without.
  let direct: Lags = [];
  const settled = async () => {
    direct = await lagsOf(teacher.page, '#loopback', 8);
    return direct.length > 5 ? Math.abs(median(direct)) : Number.POSITIVE_INFINITY;
  };
  await expect.poll(settled, { timeout: 60_000 }).toBeLessThan(100);
  await span(4);
  await endForAll(teacher);
  await teacher.leave();

  const anna = await stage.signIn('anna');
  const { id } = await recordingOf(anna, server.lesson.id);
  await openReplay(anna, server.url, id);
  await seek(anna, 3);
  const replayed = await lagsOf(anna.page, 'video', 8);
  expect(replayed.length).toBeGreaterThan(5);
  const error = await ownError(anna);
  const off = median(replayed) - error - median(direct);
  const told = [median(direct), median(replayed), error, off].map((ms) => ms.toFixed(0));
  const description = `direct ${told[0]} ms, replay ${told[1]} ms, the measurement itself ${told[2]} ms: ${told[3]} ms apart`;
  test.info().annotations.push({ type: 'beep after flash', description });
  expect(Math.abs(off), description).toBeLessThan(80);
});
