import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { formTokenIn, runHilltop, type RunningHilltop } from './running-hilltop.ts';

let hilltop: RunningHilltop;
beforeEach(async () => {
  hilltop = await runHilltop();
});
afterEach(() => hilltop.close());

const login = (form: Record<string, string>, headers: Record<string, string> = {}) =>
  hilltop.ask('/login', { form, headers });
const right = () => ({ name: 'admin', password: hilltop.system.adminPassword });

describe('a person', () => {
  test('is sent to the login page and back to where they wanted to go', async () => {
    const first = await hilltop.ask('/dashboards/north');
    expect(first.headers.get('location')).toBe('/login?next=%2Fdashboards%2Fnorth');
    const page = await hilltop.ask('/login?next=%2Fdashboards%2Fnorth');
    expect(page.text).toContain('name="next" value="/dashboards/north"');
    const answer = await login({ ...right(), next: '/dashboards/north' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/dashboards/north');
    expect(answer.headers.get('set-cookie')).toMatch(
      /^hilltop_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
  });

  test.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    'javascript:alert(1)',
    '/..//evil.example',
  ])('is never sent on to another site: %s', async (next) => {
    expect((await login({ ...right(), next })).headers.get('location')).toBe('/dashboards');
  });

  test('with a wrong password or an unknown name reads the same words', async () => {
    for (const form of [
      { name: 'admin', password: 'wrong' },
      { name: 'nobody', password: 'wrong' },
    ]) {
      const answer = await login(form);
      expect(answer.status).toBe(401);
      expect(answer.text).toContain('The name or the password is wrong.');
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
  });

  test('cannot be signed in by a form on another site', async () => {
    expect((await login(right(), { origin: 'https://evil.example' })).status).toBe(403);
    expect((await login(right(), { origin: 'null' })).status).toBe(403);
    expect((await login(right(), { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await login(right(), { origin: hilltop.system.origin })).status).toBe(303);
  });

  test('who signs out is out, also with a copy of the cookie', async () => {
    const cookie = await hilltop.signIn();
    const page = await hilltop.ask('/dashboards', { cookie });
    expect(page.status).toBe(200);
    const out = await hilltop.ask('/logout', { cookie, form: { token: formTokenIn(page.text) } });
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await hilltop.ask('/dashboards', { cookie })).status).toBe(303);
  });

  test('is not signed out by a form without the token', async () => {
    const cookie = await hilltop.signIn();
    expect((await hilltop.ask('/logout', { cookie, form: { token: 'other' } })).status).toBe(403);
    expect((await hilltop.ask('/dashboards', { cookie })).status).toBe(200);
  });

  test('is signed out after twelve hours', async () => {
    const cookie = await hilltop.signIn();
    hilltop.clock.value += 12 * 3_600_000 - 1;
    expect((await hilltop.ask('/dashboards', { cookie })).status).toBe(200);
    hilltop.clock.value += 1;
    expect((await hilltop.ask('/dashboards', { cookie })).status).toBe(303);
  });
});

test('ten wrong passwords in a minute are enough, and a minute later the right one works', async () => {
  for (let count = 0; count < 10; count += 1) {
    expect((await login({ name: 'admin', password: `guess ${count}` })).status).toBe(401);
  }
  const eleventh = await login(right());
  expect(eleventh.status).toBe(429);
  hilltop.clock.value += 60_000;
  expect((await login(right())).status).toBe(303);
});

describe('users', () => {
  const user = { name: 'share-1', password: 'seventeen-letters', elementIds: [101], dashboardIds: ['north'] };
  const add = (json: object) => hilltop.ask('/api/users', { as: hilltop.admin, json });

  test('are made, listed without passwords, kept over a restart, and removed', async () => {
    const made = await add(user);
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ name: 'share-1', role: 'viewer', elementIds: [101] });
    expect(made.text).not.toContain('seventeen');
    expect((await add(user)).status).toBe(409);
    await hilltop.restart();
    const as = 'share-1:seventeen-letters';
    expect((await hilltop.ask('/api/dashboards/north', { as })).status).toBe(200);
    const list = await hilltop.ask('/api/users', { as: hilltop.admin });
    expect(list.json).toMatchObject({ users: [{ name: 'admin' }, { name: 'share-1' }] });
    const removed = await hilltop.ask('/api/users/share-1', { as: hilltop.admin, method: 'DELETE' });
    expect(removed.status).toBe(204);
    expect((await hilltop.ask('/api/dashboards/north', { as })).status).toBe(401);
  });

  test('who are removed and made again need their new password', async () => {
    await add(user);
    expect((await hilltop.ask('/api/dashboards', { as: 'share-1:seventeen-letters' })).status).toBe(200);
    await hilltop.ask('/api/users/share-1', { as: hilltop.admin, method: 'DELETE' });
    await add({ ...user, password: 'another-long-password' });
    expect((await hilltop.ask('/api/dashboards', { as: 'share-1:seventeen-letters' })).status).toBe(401);
    expect((await hilltop.ask('/api/dashboards', { as: 'share-1:another-long-password' })).status).toBe(200);
  });

  test.each([
    ['a colon in the name', { ...user, name: 'a:b' }],
    ['a short password', { ...user, password: 'short' }],
    ['an unknown element', { ...user, elementIds: [999] }],
    ['an unknown dashboard', { ...user, dashboardIds: ['none'] }],
    ['the role of admin', { ...user, role: 'admin' }],
  ])('are refused with %s', async (_, json) => {
    expect((await add(json)).status).toBe(400);
  });

  test('made at the same time are all kept', async () => {
    await Promise.all(Array.from({ length: 8 }, (_, index) => add({ ...user, name: `share-${index}` })));
    await hilltop.restart();
    const { users } = (await hilltop.ask('/api/users', { as: hilltop.admin })).json as { users: unknown[] };
    expect(users).toHaveLength(9);
  });

  test('always include the first admin', async () => {
    const answer = await hilltop.ask('/api/users/admin', { as: hilltop.admin, method: 'DELETE' });
    expect(answer.status).toBe(409);
  });
});

describe("the first admin's password", () => {
  const file = () => join(hilltop.dataDir, 'admin-password.txt');

  test('is made by chance, for the owner of the files only, and stays over a restart', async () => {
    const { adminPassword } = hilltop.system;
    expect(adminPassword).toMatch(/^[A-Za-z0-9]{20}$/);
    expect(await readFile(file(), 'utf8')).toBe(`${adminPassword}\n`);
    for (const path of [file(), join(hilltop.dataDir, 'users.json')]) {
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
    expect(await readFile(join(hilltop.dataDir, 'users.json'), 'utf8')).not.toContain(adminPassword);
    await hilltop.restart();
    expect(hilltop.system.adminPassword).toBe(adminPassword);
  });

  test('is made anew when its file was removed', async () => {
    const old = hilltop.admin;
    await rm(file());
    await hilltop.restart();
    expect((await hilltop.ask('/api/users', { as: old })).status).toBe(401);
    expect((await hilltop.ask('/api/users', { as: hilltop.admin })).status).toBe(200);
  });

  test('is not made up over users that cannot be read', async () => {
    await writeFile(join(hilltop.dataDir, 'users.json'), '{"version":1,"users":[{');
    await expect(hilltop.restart()).rejects.toThrow();
    await writeFile(join(hilltop.dataDir, 'users.json'), '{"version":1,"users":[]}');
    await hilltop.restart();
  });
});
