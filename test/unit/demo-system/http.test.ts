import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { activeAlarms } from '../../../local/demo-system/alarms.ts';
import { runHilltop, START, type Asking, type RunningHilltop } from './running-hilltop.ts';

let hilltop: RunningHilltop;
beforeAll(async () => {
  hilltop = await runHilltop();
});
afterAll(() => hilltop.close());

const asAdmin = (path: string, asking: Asking = {}) => hilltop.ask(path, { as: hilltop.admin, ...asking });
const values = { elementId: 101, parameters: ['power', 'temperature'] };
const trendOf = (changes: object) => ({
  elementId: 101,
  parameter: 'power',
  from: 0,
  to: 1000,
  points: 2,
  ...changes,
});
const jsonType = { 'content-type': 'application/json' };

describe('values', () => {
  test('carry the moment, and change as it passes', async () => {
    const first = await asAdmin('/api/elements/values', { json: values });
    expect(first.json).toMatchObject({
      elementId: 101,
      at: START,
      values: [
        { parameter: 'power', unit: 'kW' },
        { parameter: 'temperature', unit: '°C' },
      ],
    });
    const same = await asAdmin('/api/elements/values', { json: values });
    expect(same.json).toEqual(first.json);
    hilltop.clock.value = START + 40_000;
    const later = await asAdmin('/api/elements/values', { json: values });
    expect(later.json).toMatchObject({ at: START + 40_000 });
    expect(later.json).not.toMatchObject({ values: (first.json as { values: unknown }).values as object });
    hilltop.clock.value = START;
  });

  test('of a trend are as many as asked for, the newest last', async () => {
    const answer = await asAdmin('/api/trends', {
      json: trendOf({ from: START - 600_000, to: START, points: 60 }),
    });
    const { points } = answer.json as { points: { at: number; value: number }[] };
    expect(points).toHaveLength(60);
    expect(points[0]?.at).toBe(START - 600_000);
    expect(points.at(-1)?.at).toBe(START);
  });

  test('of alarms are cut at the limit and counted whole', async () => {
    const elementIds = [101, 102, 103, 201, 202, 301, 302, 303, 401, 402, 501, 502];
    while (activeAlarms(elementIds, hilltop.clock.value).length < 2) hilltop.clock.value += 1000;
    const active = activeAlarms(elementIds, hilltop.clock.value);
    const answer = await asAdmin('/api/alarms/active', { json: { elementIds, limit: 1 } });
    expect(answer.json).toEqual({
      at: hilltop.clock.value,
      total: active.length,
      alarms: active.slice(0, 1),
    });
    hilltop.clock.value = START;
  });
});

describe('a request is refused', () => {
  test.each<[string, number, string, Asking]>([
    ['that is not JSON', 400, '/api/elements/values', { body: '{"elementId":', headers: jsonType }],
    [
      'that is not UTF-8',
      400,
      '/api/elements/values',
      { body: Uint8Array.of(0x22, 0xff, 0x22), headers: jsonType },
    ],
    ['with an unknown member', 400, '/api/elements/values', { json: { ...values, extra: 1 } }],
    ['without a member', 400, '/api/elements/values', { json: { elementId: 101 } }],
    ['with a member of another type', 400, '/api/elements/values', { json: { ...values, elementId: '101' } }],
    [
      'with too long a list',
      400,
      '/api/elements/values',
      { json: { elementId: 101, parameters: Array(21).fill('power') } },
    ],
    [
      'for an unknown parameter',
      404,
      '/api/elements/values',
      { json: { elementId: 101, parameters: ['password'] } },
    ],
    ['for a trend backwards', 400, '/api/trends', { json: trendOf({ from: 2000 }) }],
    ['for a trend of years', 400, '/api/trends', { json: trendOf({ to: START }) }],
    ['for a trend of a million points', 400, '/api/trends', { json: trendOf({ points: 1_000_000 }) }],
    [
      'with another content type',
      415,
      '/api/elements/values',
      { body: '{}', headers: { 'content-type': 'text/plain' } },
    ],
    ['without content type', 415, '/api/elements/values', { body: Uint8Array.of(0x7b, 0x7d) }],
    [
      'with a body over 64 kB',
      413,
      '/api/elements/values',
      { json: { ...values, pad: 'x'.repeat(100_000) } },
    ],
    ['with a form over 64 kB', 413, '/login', { form: { name: 'x'.repeat(100_000) } }],
    ['for an unknown path', 404, '/api/nothing', {}],
    ['for an unknown page', 404, '/nothing', {}],
    ['for an old asset', 404, '/assets/app.0000000000.js', {}],
    ['with an encoding that is none', 400, '/dashboards/%zz', {}],
    ['with an unknown method', 405, '/api/trends', { method: 'PUT' }],
    ['with GET where POST is needed', 405, '/api/trends', {}],
  ])('%s: %i', async (_, status, path, asking) => {
    const answer = await asAdmin(path, asking);
    expect(answer.status).toBe(status);
    if (path.startsWith('/api/')) {
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.json).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
    } else {
      expect(answer.text).toMatch(/^<!doctype html>/);
    }
  });

  test('with the methods that would do', async () => {
    expect((await asAdmin('/api/trends')).headers.get('allow')).toBe('POST');
    expect((await asAdmin('/api/users', { method: 'PUT' })).headers.get('allow')).toBe('GET, HEAD, POST');
  });
});

describe('every answer', () => {
  test.each(['/login', '/api/dashboards', '/nothing', '/dashboards/north'])(
    'of %s protects its page',
    async (path) => {
      const { headers } = await asAdmin(path);
      expect(headers.get('server')).toBe('Hilltop/3.2');
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(headers.get('content-security-policy')).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
    },
  );

  test('of an asset may be kept for ever', async () => {
    const page = await asAdmin('/dashboards/north');
    const assets = [...page.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(
      (match) => match[1] ?? '',
    );
    expect(assets.map((path) => path.replace(/\.[0-9a-f]{10}\./, '.'))).toEqual(
      expect.arrayContaining(['/assets/app.js', '/assets/app.css', '/assets/icon.svg']),
    );
    for (const path of assets) {
      const { status, headers } = await hilltop.ask(path);
      expect(status).toBe(200);
      expect(headers.get('cache-control')).toContain('immutable');
    }
  });
});
