import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compileAllowlist } from '../../../shared/allowlist/compile.ts';
import { decide } from '../../../shared/allowlist/decide.ts';
import { explicitAllowlist } from '../../../shared/allowlist/explicit.ts';
import { runHilltop, START, type RunningHilltop } from './running-hilltop.ts';

let hilltop: RunningHilltop;
let viewer: string;
beforeAll(async () => {
  hilltop = await runHilltop();
  viewer = await hilltop.addUser({ name: 'viewer', elementIds: [101, 103], dashboardIds: ['north'] });
});
afterAll(() => hilltop.close());

describe('the page of a dashboard', () => {
  test('shows a service user its own elements, without menu or sharing', async () => {
    const { text } = await hilltop.ask('/dashboards/north', { as: viewer });
    expect(text).toContain('North TX1');
    expect(text).toContain('North TX3');
    expect(text).not.toContain('North TX2');
    expect(text).not.toContain('Start sharing');
    expect(text).not.toMatch(/<form|<nav/);
  });

  test('shows an operator everything, with the sharing button and the menu', async () => {
    const [name = '', password = ''] = (await hilltop.addUser({ name: 'op', role: 'operator' })).split(':');
    const { text } = await hilltop.ask('/dashboards/north', { cookie: await hilltop.signIn(name, password) });
    expect(text).toContain('North TX2');
    expect(text).toContain('href="/dashboards/north/share"');
    expect(text).toContain('<nav');
    expect(text).not.toContain('href="/sharing"');
  });

  test('works on any origin: absolute paths only, nothing inline, nothing from elsewhere', async () => {
    const { text } = await hilltop.ask('/dashboards/north', { as: viewer });
    const addresses = [...text.matchAll(/(?:src|href|action)="([^"]*)"/g)].map((match) => match[1] ?? '');
    expect(addresses.filter((address) => !/^(\/[^/]|#)/.test(address))).toEqual([]);
    expect(text).not.toMatch(/<script(?![^>]* src=)| style=| on\w+=|127\.0\.0\.1/);
  });

  test('has the values of its moment before any script runs', async () => {
    const json = { elementId: 101, parameters: ['power'] };
    const answer = await hilltop.ask('/api/elements/values', { as: viewer, json });
    const [power] = (answer.json as { values: { value: number }[] }).values;
    const { text } = await hilltop.ask('/dashboards/north', { as: viewer });
    expect(text).toContain(`${power?.value.toFixed(2)}</span>`);
    expect(text).toContain('12:00:00');
  });
});

test('the calls of a dashboard name its page, its assets and only what its reader may read', async () => {
  const answer = await hilltop.ask('/api/dashboards/north', { as: viewer });
  const { calls } = answer.json as { calls: { method: string; path: string; json?: object }[] };
  expect(calls).toContainEqual({ method: 'GET', path: '/dashboards/north' });
  expect(calls).toContainEqual({
    method: 'POST',
    path: '/api/elements/values',
    json: { elementId: { oneOf: [101, 103] }, parameters: ['power', 'temperature'] },
  });
  expect(calls).toContainEqual({
    method: 'POST',
    path: '/api/alarms/active',
    json: { elementIds: [101, 103], limit: 20 },
  });
  const page = await hilltop.ask('/dashboards/north', { as: viewer });
  for (const [, path = ''] of page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
    expect(calls).toContainEqual({ method: 'GET', path });
  }
});

test('the script of the pages asks for no address but those that calls name', async () => {
  const script = await readFile(join(process.cwd(), 'local/demo-system/assets/app.js'), 'utf8');
  const paths = [...script.matchAll(/['`](\/[a-z][^'`]*)['`]/g)].map((match) => match[1] ?? '');
  expect(new Set(paths)).toEqual(
    new Set([
      '/api/elements/values',
      '/api/alarms/active',
      '/api/trends',
      '/api/dashboards/${id}',
      '/api/dashboards/${id}/events',
    ]),
  );
});

test.each(['north', 'headend', 'power'])(
  'the calls of %s admit what its script asks, no more',
  async (id) => {
    const answer = await hilltop.ask(`/api/dashboards/${id}`, { as: hilltop.admin });
    const { calls, elements, elementIds } = answer.json as {
      calls: unknown;
      elements: { id: number; parameters: { name: string }[] }[];
      elementIds: number[];
    };
    const allowlist = compileAllowlist(explicitAllowlist(calls));
    const admits = (target: string, content: object) =>
      decide(
        allowlist,
        {
          method: 'POST',
          target,
          contentType: 'application/json',
          body: Buffer.from(JSON.stringify(content)),
        },
        START + 1_234,
      ).admitted;
    const trendOf = (elementId: number, parameter: string, to = START) => ({
      elementId,
      parameter,
      from: to - 600_000,
      to,
      points: 60,
    });
    for (const { id: elementId, parameters } of elements) {
      const names = parameters.map(({ name }) => name);
      expect(admits('/api/elements/values', { elementId, parameters: names })).toBe(true);
      expect(admits('/api/elements/values', { elementId, parameters: ['input', ...names] })).toBe(false);
      for (const name of names) expect(admits('/api/trends', trendOf(elementId, name))).toBe(true);
      expect(admits('/api/trends', trendOf(elementId, names[0] ?? '', START - 3_600_000))).toBe(false);
    }
    expect(admits('/api/alarms/active', { elementIds, limit: 20 })).toBe(true);
    expect(admits('/api/alarms/active', { elementIds: [...elementIds, 999], limit: 20 })).toBe(false);
    expect(admits('/api/elements/values', { elementId: 999, parameters: ['power', 'temperature'] })).toBe(
      false,
    );
    expect(admits('/api/users', { name: 'x', password: 'seventeen-letters' })).toBe(false);
  },
);
