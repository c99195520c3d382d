import { rmSync } from 'node:fs';
import { services } from '../../../functions/trigger/services.ts';
import { loadFunctionApp, type FunctionApp } from '../../support/function-app.ts';
import { makeWorld, type World } from '../protection/world.ts';

// What the official worker provides, and our host; the library registers with it.
jest.mock(
  '@azure/functions-core',
  () => jest.requireActual<object>('../../../local/functions-host/functions-core.ts'),
  { virtual: true },
);

let app: FunctionApp;
let world: World;
beforeAll(async () => {
  app = await loadFunctionApp({ RELAY_ENDPOINT: 'http://127.0.0.1:9' });
  world = await makeWorld();
});
afterAll(async () => {
  services().sender.close();
  await services().store.close();
  rmSync(app.dataDir, { recursive: true, force: true });
});

const get = (query = '', path = '') =>
  app.call(`/organizations/${world.organization.slug}/audit${path}${query}`, {
    headers: { cookie: world.roles.owner.cookie },
  });
const shown = async (query: string) =>
  [...(await get(query)).text.matchAll(/<span>([a-z]+\.[a-z-]+)<\/span>/g)].map(([, action]) => action);

it('tells that the organization was made, before all that happened in it', async () => {
  expect((await shown('')).slice(-2)).toEqual(['system.connected', 'organization.created']);
});

it('finds by who, what, system, share and day, and by all of them together', async () => {
  const owner = encodeURIComponent(world.roles.owner.account.email);
  const today = new Date().toISOString().slice(0, 10);
  expect(await shown('?action=share.')).toEqual(['share.created']);
  expect(await shown(`?who=${owner}&action=system.`)).toEqual(['system.connected']);
  expect(await shown('?who=nobody')).toEqual([]);
  expect(await shown(`?about=${world.system.id}`)).toEqual(['share.created', 'system.connected']);
  expect(await shown(`?about=${world.share.id}`)).toEqual(['share.created']);
  expect(await shown(`?about=north&from=${today}&to=${today}`)).toEqual(['share.created']);
  expect(await shown('?to=2020-01-01')).toEqual([]);
  expect((await get('?who=nobody')).text).toContain('Nothing fits');
});

it('says which day cannot be read, beside the field, and keeps what was typed', async () => {
  const reply = await get('?from=yesterday&who=olga');
  expect([reply.status, reply.text]).toEqual([400, expect.stringContaining('Give a day as year-month-day')]);
  expect(reply.text).toContain('value="olga"');
});

it('refuses a continuation that it did not give out', async () => {
  expect((await get('?continuation=invented')).status).toBe(400);
});

it('leads through more than one page without losing what is looked for', async () => {
  const { audit } = services();
  const { id } = world.organization;
  for (let n = 0; n < 70; n++)
    await audit.append({ organizationId: id, actor: { kind: 'gateway', id: 'g' }, action: 'share.opened' });
  const first = await get('?action=share.opened');
  const next =
    /href="[^"]*audit\?([^"]*continuation=[^"]*)"/.exec(first.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
  expect(next).toContain('action=share.opened');
  expect([await shown('?action=share.opened'), await shown(`?${next}`)].map(({ length }) => length)).toEqual([
    50, 20,
  ]);
});

it('hands out the whole audit as a file that nobody caches', async () => {
  const reply = await get('', '/export/csv');
  expect([
    reply.status,
    reply.headers.get('content-disposition'),
    reply.headers.get('cache-control'),
  ]).toEqual([200, expect.stringMatching(/^attachment; filename="audit-inner-[\w-]+\.csv"$/), 'no-store']);
  expect((await get('', '/export/pdf')).status).toBe(404);
});
