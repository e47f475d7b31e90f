import { cast } from './fixtures/cast.ts';
import { expect, heardBy, join, openLink, seenBy, test } from './school.ts';

test('a used link, a wrong one and a wrong password are explained', async ({ stage }) => {
  const { server } = stage;
  const { url } = server.link('student', 0);
  const anna = await stage.signIn('anna');
  await expect(anna.page.getByRole('heading').first()).toBeVisible();
  const guest = await stage.stranger('boris');
  for (const spent of [url, `${server.url}/l/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`]) {
    await guest.page.goto(spent);
    await expect(guest.page.getByText('Эта ссылка больше не действует')).toBeVisible();
    await expect(guest.page.getByRole('button', { name: 'Это я, войти' })).toHaveCount(0);
  }
  expect(await guest.status('/api/v1/me')).toBe(401);
  expect(await anna.status('/api/v1/me')).toBe(200);

  await guest.page.goto(`${server.url}/sign-in`);
  await guest.page.locator('input[name=login]').fill('teacher');
  await guest.page.locator('input[name=password]').fill('not the password');
  await guest.page.getByRole('button', { name: 'Войти', exact: true }).click();
  await expect(guest.page.getByRole('alert')).toContainText(/парол/i);
  const answers = await guest.page.evaluate(async () => {
    const codes: (string | number)[] = [];
    for (let i = 0; i < 30 && !codes.includes('too_many_tries'); i++) {
      const answer = await fetch('/api/v1/session/password', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ login: 'teacher', password: `wrong ${i}` }),
      });
      codes.push(((await answer.json()) as { code: string }).code);
      if (answer.status === 429) codes.push(Number(answer.headers.get('Retry-After')));
    }
    return codes;
  });
  expect(answers[0]).toBe('wrong_password');
  expect(answers).toContain('too_many_tries');
  expect(answers.at(-1)).toBeGreaterThan(0);
});

test('looking at a link does not use it up', async ({ stage }) => {
  const { url } = stage.server.link('student', 0);
  const guest = await stage.stranger('anna');
  for (let i = 0; i < 3; i++) {
    await guest.page.goto(url);
    await expect(guest.page.getByRole('button', { name: 'Это я, войти' })).toBeVisible();
  }
  await openLink(guest, url);
  expect(await guest.status('/api/v1/me')).toBe(200);
});

test('without a camera that the browser denies one still takes part', async ({ stage }) => {
  const { server } = stage;
  const teacher = await stage.signIn('teacher');
  await join(teacher, server.lesson.id, server.url);
  const anna = await stage.signIn('anna', { devices: 'denied' });
  await anna.page.goto(`${server.url}/lesson/${server.lesson.id}`);
  await expect(anna.page.locator('[data-testid="device-problem"][data-kind="denied"]').first()).toBeVisible();
  await anna.page.getByTestId('join').click();
  await expect.poll(() => seenBy(anna)).toEqual([cast.teacher.number]);
  await expect.poll(() => heardBy(anna)).toEqual([cast.teacher.tone]);
  expect(await heardBy(teacher, 2000)).toEqual([]);
});

test('a browser without WebRTC is told so', async ({ stage }) => {
  const guest = await stage.stranger('anna');
  await guest.context.addInitScript(() => Reflect.deleteProperty(window, 'RTCPeerConnection'));
  await guest.page.goto(stage.server.url);
  await expect(guest.page).toHaveURL(/old-browser/);
  await expect(guest.page.getByRole('heading').first()).toBeVisible();
  await expect(guest.page.locator('body')).toContainText('Firefox');
});

test('malformed frames and foreign origins are answered, and the server goes on', async ({ stage }) => {
  const { server } = stage;
  const teacher = await stage.signIn('teacher');
  const talk = (frames: readonly string[]) =>
    teacher.page.evaluate(
      ({ url, frames }) =>
        new Promise<{ answers: string[]; code: number }>((done) => {
          const socket = new WebSocket(url, 'zvonok.v1');
          const answers: string[] = [];
          const timer = setTimeout(() => socket.close(), 3000);
          socket.onopen = () => {
            for (const frame of frames) socket.send(frame === 'huge' ? 'x'.repeat(300_000) : frame);
          };
          socket.onmessage = (e) => answers.push(String(e.data));
          socket.onclose = (e) => {
            clearTimeout(timer);
            done({ answers, code: e.code });
          };
        }),
      { url: `${server.url.replace('http', 'ws')}/api/v1/lessons/${server.lesson.id}/ws`, frames },
    );
  const order = await talk(['{"t":"publish","id":1,"d":{"sdp":"v=0"}}']);
  expect(JSON.stringify(order.answers)).toMatch(/error/);
  const shape = await talk(['{"t":"hello","id":1,"d":{"protocol":"one"}}']);
  expect(JSON.stringify(shape.answers)).toMatch(/error/);
  expect((await talk(['huge'])).code).toBe(1009);
  const post = async (origin: string) => {
    const answer = await fetch(`${server.url}/api/v1/session/link/look`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Origin: origin },
      body: JSON.stringify({ token: server.link('admin').url.split('/').pop() }),
    });
    return [answer.status, ((await answer.json()) as { code?: string }).code];
  };
  expect(await post('http://elsewhere.example')).toEqual([403, 'wrong_origin']);
  expect(await post(server.url)).toEqual([200, undefined]);
  expect(await teacher.status('/readyz')).toBe(200);
  await join(teacher, server.lesson.id, server.url);
});
