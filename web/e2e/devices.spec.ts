import type { Locator } from '@playwright/test';
import { Camera } from './camera.ts';
import { cast } from './fixtures/cast.ts';
import type { Person } from './person.ts';
import { expect, expectInside, heardBy, join, openLink, seenBy, test } from './school.ts';

const cameras: Camera[] = [];
function plug(camera: Camera): Camera {
  cameras.push(camera);
  return camera;
}

test.afterEach(() => {
  for (const camera of cameras.splice(0)) camera.remove();
});

/** What the green room says of a device. */
function problem(person: Person, source: 'camera' | 'microphone'): Locator {
  return person.page.locator(`[data-testid="device-problem"][data-source="${source}"]`);
}

/** What a slip in the lesson says. */
function slip(person: Person, words: RegExp): Locator {
  return person.page.getByTestId('notice').filter({ hasText: words });
}

function button(person: Person, source: 'camera' | 'microphone'): Locator {
  return person.page.getByTestId(`bar-${source}`);
}

test('a reload comes back into the lesson, and sound that the browser then holds back comes by one tap', async ({
  stage,
}) => {
  const { server } = stage;
  const teacher = await stage.signIn('teacher');
  await join(teacher, server.lesson.id, server.url);
  // A browser as people have it; with its microphone on it would play at once.
  const anna = await stage.signIn('anna', { silent: true });
  await join(anna, server.lesson.id, server.url, { microphone: false, camera: false });
  await expect.poll(() => heardBy(anna)).toEqual([cast.teacher.tone]);

  // To look into the page is a touch of it for the browser, so nothing is asked of it: it tells by itself when the
  // teacher's voice is there and does not play.
  await anna.page.addInitScript(() => {
    const timer = setInterval(() => {
      const voice = document.querySelector<HTMLAudioElement>('audio[data-slot-kind="stage_voice"]');
      const comes = voice !== null && voice.dataset.participant !== '' && voice.readyState >= 2;
      if (!comes || !voice.paused || navigator.userActivation.hasBeenActive) return;
      clearInterval(timer);
      console.info('held back');
    }, 50);
  });
  const heldBack = anna.page.waitForEvent('console', (m) => m.text() === 'held back');
  await anna.page.reload({ waitUntil: 'commit' });
  await heldBack;
  await expectInside(anna);
  await expect(anna.page.getByTestId('green-room')).toHaveCount(0);
  const tap = anna.page.getByTestId('tap-to-hear');
  await expect(tap).toBeVisible();
  await expect(anna.page.getByRole('alert')).toContainText('Браузер ждёт вашего нажатия');
  await expect.poll(() => seenBy(anna)).toEqual([cast.teacher.number]);
  expect(await heardBy(anna, 60_000)).toEqual([]);
  await tap.click();
  await expect.poll(() => heardBy(anna)).toEqual([cast.teacher.tone]);
  await expect(tap).toHaveCount(0);
});

test('no devices, a busy camera and a permission taken back: each says what to do, and the lesson goes on', async ({
  stage,
}) => {
  const { server } = stage;
  const lesson = `${server.url}/lesson/${server.lesson.id}`;
  const teacher = await stage.signIn('teacher');
  await join(teacher, server.lesson.id, server.url);

  const anna = await stage.signIn('anna', { devices: 'none' });
  await anna.page.goto(lesson);
  await expect(problem(anna, 'camera')).toContainText(
    'Камера не нашлась. Подключите её и нажмите «Повторить»',
  );
  await expect(problem(anna, 'microphone')).toContainText('Микрофон не нашёлся');
  await expect(problem(anna, 'camera').getByRole('button', { name: 'Повторить' })).toBeVisible();
  await anna.page.getByTestId('join').click();
  await expectInside(anna);
  await expect.poll(() => seenBy(anna)).toEqual([cast.teacher.number]);
  await expect.poll(() => heardBy(anna)).toEqual([cast.teacher.tone]);
  await expect(slip(anna, /Камеры нет. Подключите её и включите кнопкой внизу/)).toBeVisible();
  await expect(slip(anna, /Микрофона нет/)).toBeVisible();
  await expect(button(anna, 'camera')).toHaveAttribute('data-on', 'false');

  // Half a picture is all that this camera gives before it gives up, as one that another program has.
  const camera = plug(new Camera('boris', 'torn'));
  const boris = await stage.signIn('boris', { flags: [camera.flag] });
  await boris.page.goto(lesson);
  await expect(problem(boris, 'camera')).toContainText('Камера занята другой программой');
  await expect(problem(boris, 'microphone')).toHaveCount(0);
  await boris.page.getByTestId('join').click();
  await expectInside(boris);
  await expect.poll(() => heardBy(teacher)).toEqual([cast.boris.tone]);
  await expect(slip(boris, /Камера занята другой программой. Закройте её и включите камеру/)).toBeVisible();
  camera.plugIn('boris');
  await button(boris, 'camera').click();
  await expect.poll(() => seenBy(teacher)).toEqual([cast.boris.number]);
  await boris.leave();

  // Allowed at first, then taken back in the lesson, as by the icon beside the address: the browser ends the track.
  const vera = await stage.signIn('vera', { devices: 'asked' });
  await vera.permit('camera', 'granted');
  await vera.permit('microphone', 'granted');
  await join(vera, server.lesson.id, server.url);
  await expect.poll(() => seenBy(teacher)).toEqual([cast.vera.number]);
  await vera.permit('camera', 'denied');
  await expect.poll(() => seenBy(teacher)).toEqual([]);
  await expect(slip(vera, /Браузер не пускает к камере/)).toBeVisible();
  await expect(button(vera, 'camera')).toHaveAttribute('data-on', 'false');
  await vera.permit('camera', 'granted');
  await button(vera, 'camera').click();
  await expect.poll(() => seenBy(teacher)).toEqual([cast.vera.number]);
});

/**
 * A microphone cannot be pulled out of a headless browser, so that much is simulated, in the browser's own order: it is no
 * longer listed nor given, its track ends, devicechange is fired. The ones that remain are the browser's.
 */
function installPulling(): void {
  const { mediaDevices } = navigator;
  if (mediaDevices === undefined) return;
  const gone = new Set<string | undefined>();
  let used: MediaStreamTrack | undefined;
  const list = mediaDevices.enumerateDevices.bind(mediaDevices);
  const capture = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.enumerateDevices = async () => (await list()).filter((one) => !gone.has(one.deviceId));
  mediaDevices.getUserMedia = async (wanted) => {
    if (!wanted?.audio) return capture(wanted);
    const left = (await mediaDevices.enumerateDevices()).find((one) => one.kind === 'audioinput');
    if (left === undefined) throw new DOMException('all pulled', 'NotFoundError');
    const stream = await capture({
      audio: { ...(wanted.audio as MediaTrackConstraints), deviceId: { exact: left.deviceId } },
    });
    used = stream.getAudioTracks()[0];
    return stream;
  };
  window.pullMicrophone = () => {
    gone.add(used?.getSettings().deviceId);
    used?.stop();
    used?.dispatchEvent(new Event('ended'));
    mediaDevices.dispatchEvent(new Event('devicechange'));
  };
}

declare global {
  interface Window {
    /** Pulls the one in use. */
    pullMicrophone(): void;
  }
}

test('an unplugged device is replaced by another, or its owner is told', async ({ stage }) => {
  const { server } = stage;
  const teacher = await stage.signIn('teacher');
  await join(teacher, server.lesson.id, server.url);
  const camera = plug(new Camera('anna'));
  const anna = await stage.stranger('anna', { flags: [camera.flag] });
  await anna.context.addInitScript(installPulling);
  await openLink(anna, server.link('student', 0).url);
  await join(anna, server.lesson.id, server.url);
  await expect.poll(() => seenBy(teacher)).toEqual([cast.anna.number]);
  await expect.poll(() => heardBy(teacher)).toEqual([cast.anna.tone]);

  await test.step('the camera dies, another one is there', async () => {
    camera.replaceBy('boris');
    await expect(slip(anna, /Камера отключилась. Теперь работает другая/)).toBeVisible();
    await expect.poll(() => seenBy(teacher)).toEqual([cast.boris.number]);
  });
  await test.step('it dies, too, and there is none: off for everybody, until one is plugged in', async () => {
    camera.pull();
    await expect(slip(anna, /Камеры нет. Подключите её/)).toBeVisible();
    await expect(button(anna, 'camera')).toHaveAttribute('data-on', 'false');
    await expect.poll(() => seenBy(teacher)).toEqual([]);
    camera.plugIn('anna');
    await button(anna, 'camera').click();
    await expect.poll(() => seenBy(teacher)).toEqual([cast.anna.number]);
  });
  await test.step('the microphone goes while it is on', async () => {
    await anna.page.evaluate(() => window.pullMicrophone());
    await expect(slip(anna, /Микрофон отключился. Теперь работает другой/)).toBeVisible();
    await expect.poll(() => heardBy(teacher, 300)).toEqual([cast.anna.tone]);
  });
  await test.step('and while it is off: unmuting goes into the one that is left', async () => {
    await button(anna, 'microphone').click();
    await expect.poll(() => heardBy(teacher, 300)).toEqual([]);
    await anna.page.evaluate(() => window.pullMicrophone());
    await button(anna, 'microphone').click();
    await expect(button(anna, 'microphone')).toHaveAttribute('data-on', 'true');
    await expect.poll(() => heardBy(teacher, 300)).toEqual([cast.anna.tone]);
  });
});
