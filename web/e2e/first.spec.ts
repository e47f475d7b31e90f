import { expect, test } from '@playwright/test';
import { Person } from './person.ts';
import { expectInside, openLink } from './school.ts';
import { Server } from './server.ts';

test('from the first start to a lesson: set-up, the key, classes, people, links that age, a password lost', async () => {
  const server = await Server.start('none');
  const admin = await Person.arrive({ role: 'teacher' });
  const pupil = await Person.arrive({ role: 'anna' });
  const { page } = admin;
  const dialog = page.getByRole('dialog');
  try {
    await test.step('the printed link leads to the set-up page, once', async () => {
      await page.goto(server.setup);
      await page.locator('input[name=school]').fill('Школа № 9');
      await page.getByLabel('Часовой пояс').selectOption('Europe/Samara');
      await page.locator('input[name=name]').fill('Ольга Директор');
      await page.locator('input[name=login]').fill('Director');
      await page.locator('input[name=password]').fill('correct horse');
      await page.getByRole('button', { name: 'Создать школу' }).click();
      await pupil.page.goto(server.setup);
      await expect(pupil.page.getByText('Ссылка для настройки больше не действует')).toBeVisible();
    });
    await test.step("nobody gets past the master key's backup without saying that it is kept", async () => {
      await expect(page.getByRole('heading', { name: 'Сохраните ключ' })).toBeVisible();
      await expect(page.locator('code')).toHaveText(server.masterKey());
      const on = page.getByRole('button', { name: 'Дальше, к классам' });
      await expect(on).toBeDisabled();
      await page.getByRole('checkbox').check();
      await on.click();
      await expect(page.getByRole('heading', { level: 1, name: 'Школа № 9' })).toBeVisible();
    });
    await test.step('a class; a pupil who joins it later; the admin in it too', async () => {
      await page.getByRole('button', { name: 'Добавить человека' }).click();
      await dialog.getByLabel('Имя и фамилия').fill('Пётр Соколов');
      await dialog.getByRole('button', { name: 'Добавить', exact: true }).click();
      await dialog.getByRole('button', { name: 'Готово' }).click();
      await page.getByRole('button', { name: 'Добавить класс' }).click();
      await dialog.getByLabel('Название класса').fill('7Б');
      await dialog.getByRole('button', { name: 'Добавить класс' }).click();
      for (const name of ['Пётр Соколов', 'Ольга Директор']) {
        await page.getByRole('button', { name: `Классы: ${name}` }).click();
        await dialog.getByRole('button', { name: '7Б' }).click();
        await expect(dialog.getByRole('button', { name: '7Б' })).toHaveAttribute('aria-pressed', 'true');
        await dialog.getByRole('button', { name: 'Готово' }).click();
      }
      await expect(page.getByRole('row', { name: /Пётр Соколов/ })).toContainText('7Б');
    });
    const linkOf = async (name: string) => {
      await page.getByRole('button', { name: `Личная ссылка: ${name}` }).click();
      await dialog.getByRole('button', { name: 'Сделать ссылку' }).click();
      const url = await dialog.locator('code').textContent();
      await dialog.getByRole('button', { name: 'Закрыть' }).click();
      return url ?? '';
    };
    await test.step('a link that is a day old signs nobody in, and the page says what to do', async () => {
      const url = await linkOf('Пётр Соколов');
      // The database's owner makes it a day older.
      const aged = await server.sql(
        `update sign_in_links set created_at = created_at - interval '24 hours', expires_at = expires_at - interval '24 hours'`,
      );
      expect(aged).toBeGreaterThan(0);
      await pupil.page.goto(url);
      await expect(pupil.page.getByText('Эта ссылка больше не действует')).toBeVisible();
      await expect(pupil.page.getByText('попросите в школе новую')).toBeVisible();
      await expect(pupil.page.getByRole('button', { name: 'Это я, войти' })).toHaveCount(0);
      expect(await pupil.status('/api/v1/me')).toBe(401);
    });
    await test.step('a new link does, without a complaint, and the lesson is there', async () => {
      await openLink(pupil, await linkOf('Пётр Соколов'));
      await page.goto(server.url);
      await page.getByRole('button', { name: 'Новый урок' }).click();
      await dialog.getByRole('button', { name: 'Начать', exact: true }).click();
      await page.getByTestId('join').click();
      await expectInside(admin);
      await pupil.page.goto(page.url());
      await pupil.page.getByTestId('join').click();
      await expectInside(pupil);
      expect(pupil.complaints).toEqual([]);
    });
    await test.step('who is taken out of the class is out of its lesson at once', async () => {
      const path = `/api/v1/lessons/${pupil.page.url().split('/').pop()}`;
      expect(await pupil.status(path)).toBe(200);
      await page.goto(`${server.url}/school`);
      await page.getByRole('button', { name: 'Классы: Пётр Соколов' }).click();
      await dialog.getByRole('button', { name: '7Б' }).click();
      await expect(dialog.getByRole('button', { name: '7Б' })).toHaveAttribute('aria-pressed', 'false');
      await expect(pupil.page.getByRole('heading', { name: 'Этот урок не для вас' })).toBeVisible();
      expect(await pupil.status(path)).toBe(404);
    });
    await test.step('zvonok admin sets a new password, which ends the earlier sessions', async () => {
      expect(await server.admin(['--login', 'director', '--password'], 'another horse\n')).toContain(
        'director',
      );
      await expect.poll(() => admin.status('/api/v1/me')).toBe(401);
      await page.goto(server.url);
      await page.locator('input[name=login]').fill('director');
      await page.locator('input[name=password]').fill('correct horse');
      await page.getByRole('button', { name: 'Войти', exact: true }).click();
      await expect(page.getByRole('alert')).toContainText('Логин или пароль не подходит');
      await page.locator('input[name=password]').fill('another horse');
      await page.getByRole('button', { name: 'Войти', exact: true }).click();
      await expect(page).toHaveURL(`${server.url}/`);
      await expect(page.getByRole('heading').first()).toBeVisible();
      expect(await admin.status('/api/v1/me')).toBe(200);
    });
  } finally {
    await admin.leave();
    await pupil.leave();
    await server.stop();
  }
});
