import { createAccess } from '../../../gateway/access.ts';
import { createHttpClient, type HttpClient } from '../../../gateway/http-client.ts';
import { createOAuthClient } from '../../../gateway/oauth-client.ts';
import { oauthMetadata } from '../../../gateway/oauth-metadata.ts';
import { createRenewalAttempts } from '../../../gateway/renewal-attempts.ts';
import { createServiceClient, type ServiceClient } from '../../../gateway/service-client.ts';
import { ServiceProblem } from '../../../gateway/service-problem.ts';
import { credentialsSchema } from '../../../gateway/state/credentials.ts';
import { credentialsFile, type CredentialsStore } from '../../../gateway/state/credentials-store.ts';
import { folderLocks } from '../../../gateway/state/folder-lock.ts';
import { systemTimer } from '../../../gateway/timer.ts';
import { credentialsOf } from './gateway-process.ts';
import { ok, startServicePeer, tokensOf, type PeerAnswer, type ServicePeer } from './service-peer.ts';
import { seededRandom, stillTime, type StillTime } from './still-time.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

/** How a gateway calls the service's API: with which token, how often, and what it makes of the answers. */
describe('the service client', () => {
  let peer: ServicePeer;
  let time: StillTime;
  let http: HttpClient;
  let store: CredentialsStore;
  let service: ServiceClient;

  const system = { id: 'sys-1', name: 'North site', organization: { name: 'Hill Radio' } };
  const share = {
    id: 'north-1',
    url: 'https://north-1.shares.example/',
    status: 'active',
    dashboard: { id: 'north', title: 'North' },
    recipients: [{ email: 'ann@guest.example', invitation: 'sent' }],
    createdAt: '2026-03-01T12:00:00.000Z',
  };
  const order = {
    dashboard: { id: 'north', title: 'North', entryPath: '/', items: [] },
    recipients: ['ann@guest.example'],
    allowlist: { version: 1, rules: [] },
    sharedBy: { name: 'Olga' },
  };

  beforeEach(async () => {
    peer = await startServicePeer();
    time = stillTime();
    http = createHttpClient();
    const folder = await temporaryFolder();
    // Real waiting: in still time two minutes pass before an answer of the peer is there.
    store = credentialsFile(folder, folderLocks(folder, systemTimer));
    await store.write(credentialsSchema.parse(credentialsOf(peer.origin)));
    service = clientOf(peer.origin);
    peer.on('GET /api/system', ok(system));
    peer.on('POST /oauth/token', ok(tokensOf(1)));
  });

  afterEach(async () => {
    http.close();
    await peer.close();
    await removeFolders();
  });

  function clientOf(origin: string): ServiceClient {
    const random = seededRandom();
    const oauth = createOAuthClient(oauthMetadata(new URL(peer.origin), http, time.clock), http);
    const attempts = createRenewalAttempts(random);
    return createServiceClient({
      service: new URL(origin),
      http,
      access: createAccess(origin, { store, oauth, attempts, clock: time.clock, random }),
      timer: time.timer,
      random,
    });
  }

  const calls = () => peer.requests.filter(({ path }) => path.startsWith('/api/'));
  const renewals = () => peer.requests.filter(({ path }) => path === '/oauth/token');

  /** Answers one after the other; the last one stays. */
  const inTurn = (route: string, ...answers: PeerAnswer[]) => {
    let at = 0;
    peer.on(route, () => answers[Math.min(at++, answers.length - 1)] ?? { status: 500 });
  };

  /** Only this access token is accepted. */
  const accepting = (token: string) =>
    peer.on('GET /api/system', ({ headers }) =>
      headers.authorization === `Bearer ${token}` ? ok(system) : { status: 401 },
    );

  describe('the access token', () => {
    it('goes with each call', async () => {
      expect(await service.system()).toEqual(system);
      expect(calls()[0]?.headers.authorization).toBe('Bearer access-0');
      expect(renewals()).toEqual([]);
    });

    it('is renewed once when it is rejected, and the call is repeated with the new one', async () => {
      accepting('access-1');
      expect(await service.system()).toEqual(system);
      expect(calls().map(({ headers }) => headers.authorization)).toEqual([
        'Bearer access-0',
        'Bearer access-1',
      ]);
      expect(renewals()).toHaveLength(1);
      expect(await store.read()).toMatchObject({ accessToken: 'access-1', refreshToken: 'refresh-1' });
    });

    it('is renewed once for many calls at once', async () => {
      accepting('access-1');
      await Promise.all(Array.from({ length: 5 }, () => service.system()));
      expect(renewals()).toHaveLength(1);
    });

    it('is not renewed when another process did meanwhile', async () => {
      const newer = credentialsSchema.parse(credentialsOf(peer.origin, { accessToken: 'access-9' }));
      peer.on('GET /api/system', async ({ headers }) => {
        if (headers.authorization === 'Bearer access-9') return ok(system);
        await store.write(newer);
        return { status: 401 };
      });
      expect(await service.system()).toEqual(system);
      expect(calls()).toHaveLength(2);
      expect(renewals()).toEqual([]);
    });

    it('that is rejected again is an error, not a loop', async () => {
      peer.on('GET /api/system', { status: 401, json: { detail: 'No.' } });
      await expect(service.system()).rejects.toMatchObject({ code: 'refused', status: 401 });
      expect(calls()).toHaveLength(2);
      expect(renewals()).toHaveLength(1);
    });

    it.each([
      ['expired', 'expired', /expired: an owner or admin can renew it in the portal/],
      ['reused', 'revoked', /used twice/],
      ['revoked', 'revoked', /revoked.*approve it again in the portal/],
      ['system_deleted', 'deleted', /no longer exists/],
    ])('that may not be renewed any more (%s) ends the call with advice', async (reason, state, advice) => {
      accepting('another');
      peer.on('POST /oauth/token', { status: 400, json: { error: 'invalid_grant', error_code: reason } });
      await expect(service.system()).rejects.toMatchObject({
        code: 'not-connected',
        message: expect.stringMatching(advice) as string,
      });
      expect(await store.read()).toMatchObject({ state });
    });

    it('is not sent to a service that it did not come from', async () => {
      const other = await startServicePeer();
      await expect(clientOf(other.origin).system()).rejects.toMatchObject({
        code: 'not-connected',
        message: expect.stringContaining(`connected to ${peer.origin}`) as string,
      });
      expect(other.requests).toEqual([]);
      await other.close();
    });

    it('is not there before somebody connects', async () => {
      await store.remove();
      await expect(service.system()).rejects.toMatchObject({ code: 'not-connected' });
      expect(peer.requests).toEqual([]);
    });
  });

  describe('what may pass is tried again', () => {
    it.each([
      ['500', { status: 500 }],
      ['503', { status: 503 }],
      ['429', { status: 429 }],
      ['408, which proxies send', { status: 408 }],
      ['a cut connection', { status: 0, cut: true }],
    ])('%s', async (_, fault) => {
      inTurn('GET /api/system', fault, fault, fault, ok(system));
      expect(await service.system()).toEqual(system);
      expect(calls()).toHaveLength(4);
    });

    it('four times in all, then it is said', async () => {
      peer.on('GET /api/system', { status: 503, json: { title: 'Not available' } });
      await expect(service.system()).rejects.toMatchObject({ code: 'unreachable', status: 503 });
      expect(calls()).toHaveLength(4);
      expect(time.waits).toHaveLength(3);
      expect(Math.max(...time.waits)).toBeLessThanOrEqual(5000);
    });

    it.each([
      ['7', 7000],
      ['3600', 30_000],
      ['-1', 0],
      ['soon', 0],
    ])('not before the service wants it: Retry-After %s', async (value, least) => {
      inTurn('GET /api/system', { status: 503, headers: { 'retry-after': value } }, ok(system));
      await service.system();
      expect(time.waits).toHaveLength(1);
      expect(time.waits[0]).toBeGreaterThanOrEqual(least);
      expect(time.waits[0]).toBeLessThanOrEqual(least + 5000);
    });

    it('a new share with the same key each time, so that none is made twice', async () => {
      inTurn('POST /api/shares', { status: 0, cut: true }, { status: 201, json: share });
      expect(await service.createShare(order, 'key-1')).toMatchObject({ id: 'north-1' });
      expect(calls().map(({ headers }) => headers['idempotency-key'])).toEqual(['key-1', 'key-1']);
      expect(calls()[1]?.json).toEqual(order);
    });

    it.each([
      ['400', { status: 400 }, 'refused'],
      ['403', { status: 403 }, 'refused'],
      ['404', { status: 404 }, 'not-found'],
      ['409', { status: 409 }, 'refused'],
      ['410', { status: 410 }, 'not-found'],
      ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 'refused'],
    ])('but not %s', async (_, answer, code) => {
      peer.on('GET /api/system', answer);
      await expect(service.system()).rejects.toMatchObject({ code });
      expect(calls()).toHaveLength(1);
    });
  });

  describe('problems', () => {
    it('are told in the words of the service, with the fields that it names', async () => {
      const errors = [{ field: 'recipients.0', detail: 'is no address' }];
      const problem = { type: '/problems/invalid', title: 'Not valid', detail: 'Not valid.', errors };
      peer.on('POST /api/shares', { status: 400, json: problem });
      const failure = await service.createShare(order, 'key-1').catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ServiceProblem);
      expect(failure).toMatchObject({
        status: 400,
        type: '/problems/invalid',
        errors,
        message: `${new URL(peer.origin).host}: Not valid.\n  recipients.0: is no address`,
      });
    });

    it.each([
      ['a title alone', { title: 'Not valid' }, 'Not valid'],
      ['no words', {}, 'the service answered 400'],
      ['nothing', undefined, 'the service answered 400'],
      ['something else', ['x'], 'the service answered 400'],
    ])('with %s are named all the same', async (_, json, words) => {
      peer.on('GET /api/system', { status: 400, json });
      await expect(service.system()).rejects.toThrow(words);
    });

    it.each([
      ['a system without a name', 'GET /api/system', { id: 'x' }, () => service.system(), 'name'],
      [
        'a share with a path as its id',
        'GET /api/shares/a',
        { ...share, id: '../x' },
        () => service.share('a'),
        'id',
      ],
      [
        'a listener that is no WebSocket',
        'POST /api/tunnel/listener',
        { endpoint: 'http://x', path: 'a', token: 't', expiresAt: '2026-03-01T12:00:00Z' },
        () => service.listener(),
        'endpoint',
      ],
    ])('%s is not taken', async (_, route, json, call, field) => {
      peer.on(route, ok(json));
      await expect(call()).rejects.toMatchObject({
        code: 'protocol',
        message: expect.stringContaining(field) as string,
      });
    });

    it('hold no token', async () => {
      peer.on('GET /api/system', { status: 500 });
      const failure = await service.system().catch((error: unknown) => error);
      expect(JSON.stringify([failure, String(failure)])).not.toMatch(/access-0|refresh-0/);
    });
  });

  describe('shares', () => {
    it('are listed to the last page', async () => {
      peer.on('GET /api/shares', ({ query }) =>
        query.get('continuation') === 'a/b+c'
          ? ok({ shares: [{ ...share, id: 'north-2' }] })
          : ok({ shares: [share], continuation: 'a/b+c' }),
      );
      expect((await service.shares()).map(({ id }) => id)).toEqual(['north-1', 'north-2']);
    });

    it('that never end are an error', async () => {
      peer.on('GET /api/shares', ok({ shares: [], continuation: 'again' }));
      await expect(service.shares()).rejects.toMatchObject({ code: 'protocol' });
    });

    it('are deleted, and one that is gone is no error', async () => {
      peer.on('DELETE /api/shares/north-1', { status: 204 });
      expect(await service.deleteShare('north-1')).toBe(true);
      expect(await service.deleteShare('north-2')).toBe(false);
    });

    it('are named so that no name leads elsewhere', async () => {
      await service.deleteShare('../system');
      expect(calls()[0]?.path).toBe('/api/shares/..%2Fsystem');
    });
  });

  it('sends nothing any more once it is closed, and gives up what is under way', async () => {
    const silent = new Promise<never>(() => {});
    peer.on('GET /api/system', () => silent);
    const asked = service.system();
    while (calls().length === 0) await new Promise((resolve) => setImmediate(resolve));
    http.close();
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
    await expect(service.system()).rejects.toMatchObject({ code: 'cancelled' });
    expect(calls()).toHaveLength(1);
  });
});
