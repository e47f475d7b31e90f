import { cast } from './fixtures/cast.ts';
import type { Person } from './person.ts';
import { expect, join, test } from './school.ts';

const large = { width: 1280, height: 860 };
const small = { width: 420, height: 320 };

/** Height in pixels of the teacher's picture as it is decoded at somebody's. */
async function heightAt(person: Person): Promise<number> {
  const pictures = (await person.see()).filter((s) => s.what === cast.teacher.number && s.participant !== '');
  return Math.max(0, ...pictures.map((s) => s.height));
}

test('a thumbnail and a full-size picture get different layers, and resizing changes them both ways', async ({
  stage,
}) => {
  const { server } = stage;
  const teacher = await stage.signIn('teacher');
  const anna = await stage.signIn('anna', { viewport: large });
  const boris = await stage.signIn('boris', { viewport: small });
  await join(teacher, server.lesson.id, server.url);
  const watching = { camera: false, microphone: false };
  await join(anna, server.lesson.id, server.url, watching);
  await join(boris, server.lesson.id, server.url, watching);

  const both = async () => [await heightAt(anna), await heightAt(boris)];
  // The browser's own estimate needs time before it sends the largest layer.
  const patient = { timeout: 40_000 };
  await expect.poll(both, patient).toEqual([720, 180]);
  const before = await Promise.all([anna, boris].map((p) => p.negotiations()));

  await anna.page.setViewportSize(small);
  await boris.page.setViewportSize(large);
  await expect.poll(both, patient).toEqual([180, 720]);

  await anna.page.setViewportSize(large);
  await boris.page.setViewportSize(small);
  await expect.poll(both, patient).toEqual([720, 180]);
  expect(await Promise.all([anna, boris].map((p) => p.negotiations()))).toEqual(before);
});
