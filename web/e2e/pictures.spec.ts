import { statSync } from 'node:fs';
import { join as path } from 'node:path';
import { openReplay, recordingOf, seek } from './playback.ts';
import { endForAll, expect, join, share, span, test } from './school.ts';

// The committed ones change only when asked for: ZVONOK_TEST_PICTURES=e2e/screenshots npx playwright test pictures
const folder = process.env.ZVONOK_TEST_PICTURES ?? path('test-results', 'pictures');

test('the pictures of the README show a real lesson and its replay', async ({ stage }) => {
  const { server } = stage;
  const { lesson, url } = server;
  const teacher = await stage.signIn('teacher', { plain: true });
  const anna = await stage.signIn('anna', { plain: true });
  const boris = await stage.signIn('boris', { plain: true, viewport: { width: 1280, height: 760 } });
  for (const person of [teacher, anna, boris]) await join(person, lesson.id, url);
  await share(teacher, true);
  const moving = async () =>
    (await boris.see()).filter((s) => s.participant !== '' && s.width > 0 && s.at > 1);
  await expect.poll(async () => (await moving()).length).toBe(3);
  await boris.page.getByTestId('bar-chat').click();
  await boris.page.getByTestId('chat-input').fill('А почему лёд легче воды?');
  await boris.page.getByTestId('chat-send').click();
  await expect(boris.page.locator('[data-testid="chat-message"][data-state="sent"]')).toHaveCount(1);
  await expect(boris.page.getByTestId('recording')).toHaveAttribute('data-state', 'on');
  await span(3);
  await boris.page.screenshot({ path: path(folder, 'lesson.png'), animations: 'disabled' });
  await share(teacher, false);
  await endForAll(teacher);
  const { id, seconds } = await recordingOf(boris, lesson.id);
  await openReplay(boris, url, id);
  await seek(boris, seconds / 2);
  await expect.poll(async () => (await boris.see())[0]?.at).toBeGreaterThan(seconds / 2 + 1);
  await boris.page.screenshot({ path: path(folder, 'replay.png'), animations: 'disabled' });
  for (const name of ['lesson.png', 'replay.png'])
    expect(statSync(path(folder, name)).size).toBeLessThan(400_000);
});
