import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runHilltop, type Asking, type RunningHilltop } from './running-hilltop.ts';

let hilltop: RunningHilltop;
let callers: Record<string, string | undefined>;

beforeAll(async () => {
  hilltop = await runHilltop();
  callers = {
    nobody: undefined,
    impostor: 'admin:not the password',
    viewer: await hilltop.addUser({ name: 'viewer', elementIds: [101, 102], dashboardIds: ['north'] }),
    operator: await hilltop.addUser({ name: 'operator', role: 'operator' }),
    admin: hilltop.admin,
  };
});
afterAll(() => hilltop.close());
beforeEach(() => {
  // Wrong passwords are counted by the minute.
  hilltop.clock.value += 60_000;
});

const values = (elementId: number): Asking => ({ json: { elementId, parameters: ['power'] } });
const alarms = (...elementIds: number[]): Asking => ({ json: { elementIds, limit: 20 } });
const trendOf = (elementId: number): Asking => ({
  json: { elementId, parameter: 'power', from: 0, to: 60_000, points: 10 },
});

/** Status for nobody, a wrong password, a viewer of north with 101 and 102, an operator, an admin. */
const table: [string, string, Asking, number, number, number, number, number][] = [
  ['values of a listed element', '/api/elements/values', values(101), 401, 401, 200, 200, 200],
  ['values of another element', '/api/elements/values', values(103), 401, 401, 403, 200, 200],
  ['values of an element that is not there', '/api/elements/values', values(999), 401, 401, 403, 404, 404],
  ['alarms of listed elements', '/api/alarms/active', alarms(101, 102), 401, 401, 200, 200, 200],
  ['alarms, one element not listed', '/api/alarms/active', alarms(101, 103), 401, 401, 403, 200, 200],
  ['a trend of a listed element', '/api/trends', trendOf(102), 401, 401, 200, 200, 200],
  ['a trend of another element', '/api/trends', trendOf(103), 401, 401, 403, 200, 200],
  ['the list of dashboards', '/api/dashboards', {}, 401, 401, 200, 200, 200],
  ['a listed dashboard', '/api/dashboards/north', {}, 401, 401, 200, 200, 200],
  ['another dashboard', '/api/dashboards/headend', {}, 401, 401, 403, 200, 200],
  ['a dashboard that is not there', '/api/dashboards/none', {}, 401, 401, 403, 404, 404],
  [
    'events of another dashboard',
    '/api/dashboards/headend/events',
    { method: 'HEAD' },
    401,
    401,
    403,
    200,
    200,
  ],
  ['the page of a listed dashboard', '/dashboards/north', {}, 303, 401, 200, 200, 200],
  ['the page of another dashboard', '/dashboards/headend', {}, 303, 401, 403, 200, 200],
  ['the form that shares', '/dashboards/north/share', {}, 303, 401, 403, 200, 200],
  ['the sharing page', '/sharing', {}, 303, 401, 403, 403, 200],
  ['the page of users', '/users', {}, 303, 401, 403, 403, 200],
  ['the users', '/api/users', {}, 401, 401, 403, 403, 200],
  [
    'a new user',
    '/api/users',
    { json: { name: 'viewer', password: 'seventeen-letters' } },
    401,
    401,
    403,
    403,
    409,
  ],
  ['removing a user', '/api/users/none', { method: 'DELETE' }, 401, 401, 403, 403, 404],
];

describe.each(
  ['nobody', 'impostor', 'viewer', 'operator', 'admin'].map((name, column) => ({ name, column })),
)('what $name may do', ({ name, column }) => {
  test.each(
    table.map(([what, path, asking, ...statuses]) => ({ what, path, asking, status: statuses[column] })),
  )('$what: $status', async ({ path, asking, status }) => {
    const as = callers[name];
    const answer = await hilltop.ask(path, { ...asking, ...(as === undefined ? {} : { as }) });
    expect(answer.status).toBe(status);
  });
});

test('a viewer is told only of the dashboards and elements that are listed for them', async () => {
  const as = callers.viewer ?? '';
  expect((await hilltop.ask('/api/dashboards', { as })).json).toEqual({
    dashboards: [
      {
        id: 'north',
        title: 'Transmitter site North',
        path: '/dashboards/north',
        elementIds: [101, 102, 103],
      },
    ],
  });
  const north = await hilltop.ask('/api/dashboards/north', { as });
  expect(north.json).toMatchObject({ elements: [{ id: 101 }, { id: 102 }] });
  expect(north.text).not.toContain('TX3');
});

test('a program without credentials is challenged, a script in a browser is not', async () => {
  const program = await hilltop.ask('/api/dashboards');
  expect(program.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
  const script = await hilltop.ask('/api/dashboards', { headers: { 'sec-fetch-dest': 'empty' } });
  expect(script.status).toBe(401);
  expect(script.headers.get('www-authenticate')).toBeNull();
});

test('no answer to a permitted program sets a cookie', async () => {
  const answer = await hilltop.ask('/dashboards/north', { as: callers.viewer ?? '' });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('set-cookie')).toBeNull();
});
