import type { Locator, Page } from '@playwright/test';
import { cast, SHARE } from './fixtures/cast.ts';
import type { Person } from './person.ts';
import { endForAll, expect, expectInside, heardBy, join, seenBy, share, test } from './school.ts';

/** What fills the page instead of the room. */
function gate(page: Page, title: string): Locator {
  return page.getByRole('heading', { level: 1, name: title });
}

function slip(person: Person, words: string): Locator {
  return person.page.getByTestId('notice').filter({ hasText: words });
}

/** Somebody's line in the teacher's open list of people. */
async function lineOf(teacher: Person, person: Person): Promise<Locator> {
  return teacher.page.locator(`[data-testid="person"][data-participant="${await person.id()}"]`);
}

test('from waiting to the end: told while muted, stopped, sent out, let in, in two tabs, with an old page', async ({
  stage,
}) => {
  const { server } = stage;
  const lesson = `${server.url}/lesson/${server.lesson.id}`;
  const anna = await stage.signIn('anna');
  const microphone = anna.page.getByTestId('bar-microphone');
  await anna.page.goto(lesson);
  await anna.page.getByTestId('join').click();
  await expect(gate(anna.page, 'Ждём учителя')).toBeVisible();

  const teacher = await stage.signIn('teacher');
  await join(teacher, server.lesson.id, server.url);
  await test.step('the lesson opens by itself', async () => {
    await expectInside(anna);
    await expect.poll(() => seenBy(teacher)).toEqual([cast.anna.number]);
  });
  await test.step('talking while muted is noticed, and one press is enough', async () => {
    await microphone.click();
    await expect(microphone).toHaveAttribute('data-on', 'false');
    const banner = anna.page.locator('[data-testid="banner"][data-kind="talking-muted"]');
    await expect(banner).toContainText('Вас не слышно: микрофон выключен');
    await banner.getByRole('button').click();
    await expect(banner).toHaveCount(0);
    await expect.poll(() => heardBy(teacher, 500)).toEqual([cast.anna.tone]);
  });
  await teacher.page.getByTestId('bar-people').click();
  const line = await lineOf(teacher, anna);
  await test.step('the teacher stops a camera, and its owner is told and may turn it on again', async () => {
    await line.getByRole('button', { name: 'Выключить камеру' }).click();
    await expect(slip(anna, 'Вашу камеру выключили: Анна Сергеевна')).toBeVisible();
    await expect(anna.page.getByTestId('bar-camera')).toHaveAttribute('data-on', 'false');
    await expect.poll(() => seenBy(teacher)).toEqual([]);
    await anna.page.getByTestId('bar-camera').click();
    await expect.poll(() => seenBy(teacher)).toEqual([cast.anna.number]);
  });
  await test.step('the teacher stops a screen', async () => {
    await share(anna, true);
    await expect.poll(() => seenBy(teacher)).toContain(SHARE);
    await line.getByRole('button', { name: 'Остановить показ экрана' }).click();
    await expect(slip(anna, 'Показ вашего экрана остановили: Анна Сергеевна')).toBeVisible();
    await expect(slip(anna, 'Звук вашего экрана')).toHaveCount(0);
    await expect(anna.page.getByTestId('bar-share')).toHaveAttribute('data-on', 'false');
    await expect.poll(() => seenBy(teacher)).not.toContain(SHARE);
  });
  await test.step('sent out means out, until let in again', async () => {
    await line.getByTestId('remove').click();
    await teacher.page.getByTestId('confirm').click();
    await expect(gate(anna.page, 'Учитель удалил вас с урока')).toBeVisible();
    await expect.poll(() => seenBy(teacher)).toEqual([]);
    await anna.page.goto(lesson);
    await expect(gate(anna.page, 'Учитель удалил вас с урока')).toBeVisible();
    await expect(anna.page.getByTestId('join')).toHaveCount(0);
    await teacher.page.getByTestId('admit').click();
    await expect(teacher.page.getByTestId('admit')).toHaveCount(0);
    await join(anna, server.lesson.id, server.url);
    await expect.poll(() => seenBy(teacher)).toEqual([cast.anna.number]);
  });
  await test.step('the newest join wins, and the older tab can have the place back', async () => {
    const second = await anna.context.newPage();
    await second.goto(lesson);
    await second.getByTestId('join').click();
    await expect(second.getByTestId('room')).toHaveAttribute('data-media', 'connected');
    await expect(gate(anna.page, 'Вы вошли в урок в другом месте')).toBeVisible();
    await anna.page.bringToFront();
    await anna.page.getByTestId('return-here').click();
    await expectInside(anna);
    await expect(gate(second, 'Вы вошли в урок в другом месте')).toBeVisible();
    await expect.poll(() => seenBy(teacher)).toEqual([cast.anna.number]);
    await second.close();
  });
  await test.step('a page older than the server: one reload, and back inside', async () => {
    // The page is as old as this server; on its way its hello is made an older one.
    let old = true;
    await anna.page.routeWebSocket(/\/ws$/, (socket) => {
      const there = socket.connectToServer();
      socket.onMessage((message) =>
        there.send(old ? String(message).replace('"protocol":1', '"protocol":0') : message),
      );
    });
    await anna.page.reload();
    await expect(gate(anna.page, 'Звонок обновился')).toBeVisible();
    old = false;
    await anna.page.getByTestId('reload').click();
    await expectInside(anna);
    await expect.poll(() => seenBy(teacher)).toEqual([cast.anna.number]);
  });
  await test.step('the end is for all', async () => {
    await endForAll(teacher);
    await expect(gate(anna.page, 'Урок закончился')).toBeVisible();
    await expect(anna.page.getByTestId('to-replay')).toBeVisible();
  });
});
