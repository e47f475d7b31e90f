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

test('devices that are missing, busy, denied or pulled, and held-back sound: each is told, and the lesson goes on', async ({
  stage,
}) => {
  const { server } = stage;
  const lesson = `${server.url}/lesson/${server.lesson.id}`;
  const teacher = await stage.signIn('teacher');
  await join(teacher, server.lesson.id, server.url);

  const anna = await stage.signIn('anna', { devices: 'none', silent: true });
  await test.step('without any device one hears and sees', async () => {
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
  });
  await test.step('a reload comes back inside, and one tap brings the sound that is then held back', async () => {
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
    await anna.leave();
  });
  await test.step('allowed at first, then taken back by the icon beside the address', async () => {
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
    await vera.leave();
  });

  const camera = plug(new Camera('boris', 'torn'));
  const boris = await stage.stranger('boris', { flags: [camera.flag] });
  await boris.context.addInitScript(installPulling);
  await openLink(boris, server.link('student', 1).url);
  await test.step('a camera that gives up at once, as one that another program has, works once it can', async () => {
    await boris.page.goto(lesson);
    await expect(problem(boris, 'camera')).toContainText('Камера занята другой программой. Закройте её');
    await expect(problem(boris, 'microphone')).toHaveCount(0);
    camera.plugIn('boris');
    await problem(boris, 'camera').getByRole('button', { name: 'Повторить' }).click();
    await expect(boris.page.getByTestId('preview')).toBeVisible();
    await expect(problem(boris, 'camera')).toHaveCount(0);
    await boris.page.getByTestId('join').click();
    await expectInside(boris);
    await expect.poll(() => seenBy(teacher)).toEqual([cast.boris.number]);
    await expect.poll(() => heardBy(teacher)).toEqual([cast.boris.tone]);
  });
  await test.step('the camera dies, another one is there', async () => {
    camera.replaceBy('anna');
    await expect(slip(boris, /Камера отключилась. Теперь работает другая/)).toBeVisible();
    await expect.poll(() => seenBy(teacher)).toEqual([cast.anna.number]);
  });
  await test.step('it dies, too, and there is none: off for everybody, until one is plugged in', async () => {
    camera.pull();
    await expect(slip(boris, /Камеры нет. Подключите её/)).toBeVisible();
    await expect(button(boris, 'camera')).toHaveAttribute('data-on', 'false');
    await expect.poll(() => seenBy(teacher)).toEqual([]);
    camera.plugIn('boris');
    await button(boris, 'camera').click();
    await expect.poll(() => seenBy(teacher)).toEqual([cast.boris.number]);
  });
  await test.step('the microphone goes while it is on', async () => {
    await boris.page.evaluate(() => window.pullMicrophone());
    await expect(slip(boris, /Микрофон отключился. Теперь работает другой/)).toBeVisible();
    await expect.poll(() => heardBy(teacher, 300)).toEqual([cast.boris.tone]);
  });
  await test.step('and while it is off: unmuting goes into the one that is left', async () => {
    await button(boris, 'microphone').click();
    await expect.poll(() => heardBy(teacher, 300)).toEqual([]);
    await boris.page.evaluate(() => window.pullMicrophone());
    await button(boris, 'microphone').click();
    await expect(button(boris, 'microphone')).toHaveAttribute('data-on', 'true');
    await expect.poll(() => heardBy(teacher, 300)).toEqual([cast.boris.tone]);
  });
});
