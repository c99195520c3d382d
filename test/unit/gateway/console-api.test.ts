import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { GatewayError, type GatewayErrorCode } from '../../../gateway/gateway-error.ts';
import {
  startConsoleApi,
  type ConsoleActions,
  type LocalShare,
} from '../../../gateway/console/console-api.ts';
import type { GatewayStatus } from '../../../gateway/gateway-status.ts';
import { ServiceProblem } from '../../../gateway/service-problem.ts';
import { jsonLines } from '../../../shared/log.ts';

const key = 'key-of-this-machine';

const status: GatewayStatus = {
  state: 'connected',
  service: 'https://service.example',
  system: { id: 'sys-1', name: 'North site' },
  organization: { name: 'Hill Radio' },
  watchers: [],
};

const share = {
  id: 'north-1',
  url: 'https://north-1.shares.example/',
  status: 'active',
  dashboard: { id: 'north', title: 'North' },
  recipients: [{ email: 'ann@guest.example', invitation: 'sent' }],
  createdAt: '2026-03-01T12:00:00.000Z',
};

const wish = {
  dashboard: { id: 'north', title: 'North', entryPath: '/north', items: ['101'] },
  recipients: ['ann@guest.example'],
  sharedBy: { name: 'Olga' },
  calls: [{ method: 'GET', path: '/north' }],
};

interface Asking {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | undefined>;
  readonly body?: string;
}

/** Who may use the local API, what it answers, and that nothing is done for anybody else. */
describe('the local API', () => {
  let api: Awaited<ReturnType<typeof startConsoleApi>>;
  let done: string[];
  let logged: string[];
  let wished: LocalShare | undefined;
  /** What every action throws, when set. */
  let failure: Error | undefined;

  beforeEach(async () => {
    done = [];
    logged = [];
    wished = undefined;
    failure = undefined;
    const act = async <T>(name: string, result: T): Promise<T> => {
      done.push(name);
      if (failure) throw failure;
      return result;
    };
    const actions: ConsoleActions = {
      status: () => act('status', status),
      connect: () => act('connect', { ...status, state: 'pending' }),
      disconnect: () => act('disconnect', undefined),
      shares: () => act('shares', [share]),
      share: (told) => {
        wished = told;
        return act('share', share);
      },
      unshare: (id) => act(`unshare ${id}`, undefined),
      review: (id, { accept }) =>
        act(`review ${id} ${accept ?? ''}`, { lines: ['+ GET /new'], digest: 'd', accepted: false }),
      consoleLink: () => '/sign-in?code=c',
    };
    const pages = async (_: unknown, response: ServerResponse) => void response.writeHead(404).end();
    const log = jsonLines(
      (line) => logged.push(line),
      () => '',
    );
    api = await startConsoleApi({ actions, pages, key, hostname: '127.0.0.1', port: 0, log });
  });

  afterEach(() => api.close());

  async function ask({ method = 'GET', path = '/api/status', headers = {}, body }: Asking) {
    const all = { authorization: `Bearer ${key}`, ...headers };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    const outgoing = httpRequest(`${api.origin}${path}`, { method, headers: sent, agent: false });
    // A body that is too long is answered before it is all taken.
    outgoing.on('error', () => {});
    outgoing.end(body);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return {
      status: response.statusCode,
      headers: response.headers,
      json: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>),
    };
  }

  const post = (path: string, value: unknown, headers: Asking['headers'] = {}) =>
    ask({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof value === 'string' ? value : JSON.stringify(value),
    });

  describe('lets in', () => {
    it.each([
      ['the key, to 127.0.0.1', {}],
      ['the key, to localhost', { host: 'localhost:7081' }],
      ['the key, to a name below localhost', { host: 'gateway.localhost' }],
      ['the key, to ::1', { host: '[::1]:7081' }],
    ])('%s', async (_, headers) => {
      expect(await ask({ headers })).toMatchObject({ status: 200, json: status });
    });

    it.each([
      ['no key', { authorization: undefined }, 401],
      ['a wrong key', { authorization: 'Bearer wrong' }, 401],
      ['the beginning of the key', { authorization: `Bearer ${key.slice(0, -1)}` }, 401],
      ['the key and more', { authorization: `Bearer ${key} ` + 'x' }, 401],
      ['the key in another scheme', { authorization: `Basic ${key}` }, 401],
      ['the key, to another name (DNS rebinding)', { host: 'attacker.example' }, 403],
      ['the key, to a name that only looks like this machine', { host: 'localhost.attacker.example' }, 403],
      ['the key, to an address like 127.0.0.1 as a user name', { host: '127.0.0.1@attacker.example' }, 403],
      ['the key, to an address of the network', { host: '192.168.0.10:7081' }, 403],
    ])('but not %s', async (_, headers, refused) => {
      const answer = await ask({ method: 'POST', path: '/api/disconnect', headers });
      expect(answer.status).toBe(refused);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(done).toEqual([]);
    });
  });

  describe('routes', () => {
    it.each([
      ['GET', '/api/status', 200, status, 'status'],
      ['GET', '/api/status?fresh=1', 200, status, 'status'],
      ['POST', '/api/connect', 202, { ...status, state: 'pending' }, 'connect'],
      ['POST', '/api/disconnect', 204, undefined, 'disconnect'],
      ['GET', '/api/shares', 200, { shares: [share] }, 'shares'],
      ['DELETE', '/api/shares/north-1', 204, undefined, 'unshare north-1'],
    ])('%s %s answers %i', async (method, path, code, json, action) => {
      const answer = await ask({ method, path });
      expect(answer).toMatchObject({ status: code });
      expect(answer.json).toEqual(json);
      if (json) expect(answer.headers['cache-control']).toBe('no-store');
      expect(done).toEqual([action]);
    });

    it.each([
      ['GET', '/api/nothing'],
      ['PUT', '/api/status'],
      ['GET', '/api/status/'],
      ['GET', '/api/connect'],
      ['DELETE', '/api/shares'],
      ['DELETE', '/api/shares/../credentials'],
      ['DELETE', '/api/shares/%2e%2e'],
      ['DELETE', '/api/shares/NORTH'],
    ])('%s %s is not there', async (method, path) => {
      expect(await ask({ method, path })).toMatchObject({ status: 404, json: { status: 404 } });
      expect(done).toEqual([]);
    });
  });

  describe('POST /api/shares', () => {
    it('passes the wish on, items empty unless told', async () => {
      const { items: _, ...dashboard } = wish.dashboard;
      expect(await post('/api/shares', { ...wish, dashboard })).toMatchObject({ status: 201, json: share });
      expect(wished).toEqual({ ...wish, dashboard: { ...dashboard, items: [] } });
    });

    it('takes a charset with the content type', async () => {
      const answer = await post('/api/shares', wish, { 'content-type': 'application/json; charset=utf-8' });
      expect(answer.status).toBe(201);
    });

    it.each([
      ['no JSON', 'nothing', {}, 400, 'The body is not valid JSON.'],
      ['no content type', wish, { 'content-type': undefined }, 415, 'Send JSON.'],
      [
        'a form (which a page elsewhere may send)',
        'a=b',
        { 'content-type': 'text/plain' },
        415,
        'Send JSON.',
      ],
      ['another kind of JSON', wish, { 'content-type': 'application/jsonp' }, 415, 'Send JSON.'],
      ['more than 8 MiB', ' '.repeat(32 * 1024 * 1024), {}, 413, 'The body is larger than 8 MiB.'],
    ])('refuses %s', async (_, body, headers, refused, detail) => {
      expect(await post('/api/shares', body, headers)).toMatchObject({ status: refused, json: { detail } });
      expect(done).toEqual([]);
    });

    it.each([
      ['no recipient', { ...wish, recipients: [] }, 'recipients'],
      ['a recipient that is no text', { ...wish, recipients: [1] }, 'recipients.0'],
      ['a dashboard without a title', { ...wish, dashboard: { id: 'a', entryPath: '/' } }, 'dashboard.title'],
      ['nobody who shares', { ...wish, sharedBy: {} }, 'sharedBy.name'],
      ['no calls in any form', { ...wish, calls: undefined }, 'calls'],
      ['calls in two forms', { ...wish, har: {} }, 'calls'],
      ['a member that it does not know', { ...wish, paused: true }, 'body'],
    ])('names the field: %s', async (_, body, field) => {
      const answer = await post('/api/shares', body);
      expect(answer.status).toBe(400);
      expect(answer.json?.errors).toEqual([{ field, detail: expect.any(String) as string }]);
      expect(done).toEqual([]);
    });
  });

  describe('failures', () => {
    const codes: Record<GatewayErrorCode, number> = {
      usage: 400,
      refused: 400,
      'not-found': 404,
      'not-connected': 409,
      'already-connected': 409,
      busy: 409,
      protocol: 502,
      upstream: 502,
      unreachable: 503,
      cancelled: 503,
      config: 500,
      'state-damaged': 500,
    };

    it.each(Object.entries(codes))('%s becomes %i', async (code, expected) => {
      failure = new GatewayError(code as GatewayErrorCode, 'words of the error');
      const { status: told, json } = await ask({});
      expect(told).toBe(expected);
      if (expected === 500) expect(json?.detail).not.toContain('words of the error');
      else expect(json?.detail).toBe('words of the error');
    });

    it('what nobody foresaw is told to the log only', async () => {
      failure = new TypeError('inner words');
      const { status: told, json } = await ask({});
      expect(told).toBe(500);
      expect(JSON.stringify(json)).not.toContain('inner words');
      expect(logged.join()).toContain('inner words');
    });

    it('a problem of the service keeps the fields that it names', async () => {
      const errors = [{ field: 'recipients.0', detail: 'is no address' }];
      const text = JSON.stringify({ type: '/problems/invalid', detail: 'Not valid.', errors });
      failure = new ServiceProblem(new URL('https://service.example'), { status: 400, headers: {}, text });
      expect(await post('/api/shares', wish)).toMatchObject({ status: 400, json: { errors } });
    });
  });

  it('takes no connection from elsewhere', () => {
    expect(new URL(api.origin).hostname).toBe('127.0.0.1');
  });
});
