import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHilltopAdapter } from '../../../gateway/adapters/hilltop-adapter.ts';
import type { OnPremAdapter } from '../../../gateway/adapters/on-prem-adapter.ts';
import { createHttpClient, type HttpClient } from '../../../gateway/http-client.ts';
import { createServiceClient } from '../../../gateway/service-client.ts';
import { createSeal } from '../../../gateway/shares/seal.ts';
import { endAllShares, endShare } from '../../../gateway/shares/share-ending.ts';
import { makeShare } from '../../../gateway/shares/share-making.ts';
import type { ShareParts } from '../../../gateway/shares/share-parts.ts';
import { reconcileShares } from '../../../gateway/shares/share-reconciling.ts';
import { shareRecordFiles, type MakingRecord } from '../../../gateway/shares/share-records.ts';
import { credentialsSchema } from '../../../gateway/state/credentials.ts';
import { credentialsFile, type CredentialsStore } from '../../../gateway/state/credentials-store.ts';
import { folderLocks } from '../../../gateway/state/folder-lock.ts';
import { explicitAllowlist } from '../../../shared/allowlist/explicit.ts';
import { hour, minute } from '../../../shared/clock.ts';
import { jsonLines } from '../../../shared/log.ts';
import { systemRandom } from '../../../shared/system-clock.ts';
import { runHilltop, type RunningHilltop } from '../demo-system/running-hilltop.ts';
import { credentialsOf } from './gateway-process.ts';
import { ok, startServicePeer, type PeerRequest, type ServicePeer } from './service-peer.ts';
import { stillTime, type StillTime } from './still-time.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

interface HilltopUser {
  readonly name: string;
  readonly elementIds: number[];
  readonly dashboardIds: string[];
}

/** Making and ending shares: a real application with users, real files, and the service as its API describes it. */
describe('a share on its own side', () => {
  let hilltop: RunningHilltop;
  let state: string;
  let peer: ServicePeer;
  let time: StillTime;
  let http: HttpClient;
  let store: CredentialsStore;
  let adapter: OnPremAdapter;
  let parts: ShareParts;
  let logged: string[];

  beforeAll(async () => {
    hilltop = await runHilltop();
  });

  afterAll(() => hilltop.close());

  beforeEach(async () => {
    state = await temporaryFolder();
    peer = await startServicePeer();
    time = stillTime();
    http = createHttpClient();
    logged = [];
    const locks = folderLocks(state, time.timer);
    store = credentialsFile(state, locks);
    adapter = hilltopAt(hilltop.system.origin);
    parts = {
      records: shareRecordFiles(state),
      locks,
      service: createServiceClient({
        service: new URL(peer.origin),
        http,
        access: { token: async () => 'access-0', tokenAfterRejection: async () => 'access-0' },
        timer: time.timer,
        random: systemRandom,
      }),
      credentials: store,
      adapter,
      seal: createSeal(state, systemRandom),
      clock: time.clock,
      random: systemRandom,
      acceptPortalAdmissions: false,
      policy: async () => ({}),
      log: jsonLines(
        (line) => logged.push(line),
        () => '',
      ),
    };
    await connectAs('sys-1');
    peer.on('GET /api/shares', ok({ shares: [] }));
    peer.on('POST /api/shares', ({ json }) => ({ status: 201, json: shareOf('north-1', json) }));
    peer.on('DELETE /api/shares/north-1', { status: 204 });
  });

  afterEach(async () => {
    for (const { name } of await users()) await adapter.deleteServiceUser(name);
    http.close();
    await peer.close();
    await removeFolders();
  });

  const hilltopAt = (url: string) =>
    createHilltopAdapter(
      {
        url,
        adminName: hilltop.system.adminName,
        adminPasswordFile: join(hilltop.dataDir, 'admin-password.txt'),
      },
      http,
    );

  /** The same gateway, whose application is down. */
  const withoutApplication = (): ShareParts => ({ ...parts, adapter: hilltopAt('http://127.0.0.1:1') });

  const connectAs = (systemId: string, fields = {}) =>
    store.write(credentialsSchema.parse(credentialsOf(peer.origin, { systemId, ...fields })));

  /** Whom the application knows besides its admin. */
  async function users(): Promise<HilltopUser[]> {
    const { json } = await hilltop.ask('/api/users', { as: hilltop.admin });
    return (json as { users: HilltopUser[] }).users.filter(({ name }) => name !== hilltop.system.adminName);
  }

  const records = async () => (await readdir(join(state, 'shares')).catch(() => [])).sort();

  const wish = {
    dashboard: { id: 'north', title: 'North', entryPath: '/dashboards/north', items: ['101', '102', '103'] },
    recipients: ['ann@guest.example'],
    message: 'As we discussed.',
    allowlist: explicitAllowlist([{ method: 'GET', path: '/dashboards/north' }]),
    sharedBy: 'Olga',
  };

  const shareOf = (id: string, order?: unknown, status = 'active') => ({
    id,
    url: `https://${id}.shares.example/`,
    status,
    dashboard: (order as { dashboard?: object } | undefined)?.dashboard ?? { id: 'north', title: 'North' },
    recipients: [],
    createdAt: '2026-03-01T12:00:00.000Z',
  });

  const listed = (status: string) => {
    peer.on('GET /api/shares', ok({ shares: [shareOf('north-1', undefined, status)] }));
    peer.on('GET /api/shares/north-1', ok(shareOf('north-1', undefined, status)));
  };

  const notListed = () => {
    peer.on('GET /api/shares', ok({ shares: [] }));
    peer.on('GET /api/shares/north-1', { status: 404 });
  };

  const asked = (route: string): PeerRequest[] =>
    peer.requests.filter(({ method, path }) => `${method} ${path}` === route);

  async function passwordOf(id: string): Promise<{ name: string; password: string }> {
    const record = await parts.records.read(id);
    const { name, sealedPassword } = record?.serviceUser ?? { name: '', sealedPassword: '' };
    return { name, password: await parts.seal.open(sealedPassword, name) };
  }

  describe('made', () => {
    it('makes nothing that the policy of the organization does not allow', async () => {
      const strict: ShareParts = { ...parts, policy: async () => ({ emailDomains: ['other.example'] }) };
      await expect(makeShare(strict, wish)).rejects.toMatchObject({ code: 'refused' });
      expect(await users()).toEqual([]);
      expect(await records()).toEqual([]);
      expect(asked('POST /api/shares')).toEqual([]);
    });

    it('has its user before the service hears of it, and lets nothing through until the service agreed', async () => {
      let during: { users: number; records: string[] } | undefined;
      peer.on('POST /api/shares', async ({ json }) => {
        during = { users: (await users()).length, records: await records() };
        return { status: 201, json: shareOf('north-1', json) };
      });
      expect(await makeShare(parts, wish)).toMatchObject({ id: 'north-1', status: 'active' });
      expect(during).toEqual({ users: 1, records: [expect.stringMatching(/^making-.*\.json$/)] });
      expect(await records()).toEqual(['north-1.json']);
      expect(await parts.records.read('north-1')).toMatchObject({ state: 'active', systemId: 'sys-1' });
    });

    it('tells the service who, what and to whom, and nothing of its user', async () => {
      await makeShare(parts, wish);
      const [order] = asked('POST /api/shares');
      const { sharedBy, ...rest } = wish;
      const sealed = expect.any(String) as string;
      expect(order?.json).toEqual({ ...rest, sharedBy: { name: sharedBy }, sealed });
      expect(JSON.stringify(order?.json)).not.toContain((await users())[0]?.name);
      expect(order?.headers['idempotency-key']).toMatch(/^[a-z0-9]{26}$/);
    });

    it('has a user with a password of 17 characters, which is on disk only sealed', async () => {
      await makeShare(parts, wish);
      const { name, password } = await passwordOf('north-1');
      expect(password).toMatch(/^[a-zA-Z0-9]{17}$/);
      expect((await users()).map((user) => user.name)).toEqual([name]);
      const record = await readFile(join(state, 'shares', 'north-1.json'), 'utf8');
      expect(record).not.toContain(password);
      expect(logged.join()).not.toContain(password);
    });

    it.each([
      ['an element of the dashboard', 'POST', '/api/elements/values', 101, 200],
      ['an element of another one', 'POST', '/api/elements/values', 201, 403],
      ['its alarms', 'POST', '/api/alarms/active', 101, 200],
      ['alarms of another one', 'POST', '/api/alarms/active', 201, 403],
      ['the dashboard', 'GET', '/api/dashboards/north', 101, 200],
      ['another dashboard', 'GET', '/api/dashboards/headend', 101, 403],
      ['the users', 'GET', '/api/users', 101, 403],
    ])(
      'has a user that, asking for %s, gets what it may (%s %s %i: %i)',
      async (_, method, path, id, status) => {
        await makeShare(parts, wish);
        const { name, password } = await passwordOf('north-1');
        const json = path.includes('alarms')
          ? { elementIds: [id], limit: 5 }
          : { elementId: id, parameters: ['temperature'] };
        const answer = await hilltop.ask(path, {
          method,
          as: `${name}:${password}`,
          ...(method === 'POST' && {
            json: id === 201 && !path.includes('alarms') ? { ...json, parameters: ['cpu'] } : json,
          }),
        });
        expect(answer.status).toBe(status);
      },
    );

    it('has no user where the application has none', async () => {
      await makeShare({ ...parts, adapter: { ...adapter, hasUsers: false } }, wish);
      expect(await parts.records.read('north-1')).not.toHaveProperty('serviceUser');
      expect(await users()).toEqual([]);
    });
  });

  /** The service lists the share, and gives its record to the other gateways of the system. */
  function serve(id: string, json: unknown): void {
    const { sealed, dashboard, allowlist } = json as { sealed: string; dashboard: object; allowlist: object };
    peer.on('GET /api/shares', ok({ shares: [shareOf(id, json)] }));
    peer.on(`GET /api/shares/${id}/record`, ok({ sealed, dashboard, allowlist }));
    peer.on(`DELETE /api/shares/${id}`, { status: 204 });
  }

  describe('made by another gateway of the system', () => {
    let other: ShareParts;
    let made: unknown;

    beforeEach(async () => {
      const theirs = await temporaryFolder();
      await copyFile(join(await sealOf(parts), 'seal.key'), join(theirs, 'seal.key'));
      other = { ...parts, records: shareRecordFiles(theirs), seal: createSeal(theirs, systemRandom) };
      peer.on('POST /api/shares', ({ json }) => {
        made = json;
        serve('north-1', json);
        return { status: 201, json: shareOf('north-1', json) };
      });
      await makeShare(parts, wish);
    });

    /** Any use makes the key. */
    async function sealOf({ seal }: ShareParts): Promise<string> {
      await seal.seal('', '');
      return state;
    }

    it('is served here with the same allowlist and a service user of its own, once the key is here', async () => {
      expect(await reconcileShares(other)).toEqual([]);
      const [theirs, ours] = [await other.records.read('north-1'), await parts.records.read('north-1')];
      expect(theirs).toMatchObject({ state: 'active', allowlist: ours?.allowlist });
      const names = [theirs?.serviceUser?.name, ours?.serviceUser?.name];
      expect(new Set(names).size).toBe(2);
      expect(await users()).toHaveLength(2);
    });

    it('tells the service no password, not even a sealed one', async () => {
      const sent = peer.requests.map((request) => JSON.stringify(request)).join();
      const { serviceUser } = (await parts.records.read('north-1')) ?? {};
      const password = await parts.seal.open(serviceUser?.sealedPassword ?? '', serviceUser?.name ?? '');
      const { sealed } = made as { sealed: string };
      const opened = await parts.seal.open(sealed, `share of ${credentialsOf(peer.origin).systemId}`);
      expect([sent.includes(password), opened.includes(password)]).toEqual([false, false]);
    });

    it('is taken up later where the application cannot make a user now, as the same user', async () => {
      const broken: ShareParts = {
        ...other,
        adapter: { ...other.adapter, createServiceUser: () => Promise.reject(new Error('no answer')) },
      };
      expect(await reconcileShares(broken)).toEqual(['north-1']);
      const waiting = await other.records.read('north-1');
      expect(waiting?.state).toBe('adopting');
      expect(await reconcileShares(other)).toEqual([]);
      expect(await other.records.read('north-1')).toEqual({ ...waiting, state: 'active' });
    });

    it('is never taken up again after it ended here, whatever the service hands out', async () => {
      await reconcileShares(other);
      time.pass(hour);
      listed('ended');
      await reconcileShares(other);
      listed('active');
      expect(await reconcileShares(other)).toEqual(['north-1']);
      expect(await other.records.list()).toEqual([]);
      expect(await users()).toHaveLength(1);
    });

    it('is not served, and said to be so, where seal.key is another one', async () => {
      const stranger = await temporaryFolder();
      const unable = {
        ...parts,
        records: shareRecordFiles(stranger),
        seal: createSeal(stranger, systemRandom),
      };
      expect(await reconcileShares(unable)).toEqual(['north-1']);
      expect(await unable.records.list()).toEqual([]);
    });

    it.each([
      [
        'a wider allowlist',
        { allowlist: { version: 1, rules: [{ id: '1', method: 'GET', path: ['users'] }] } },
      ],
      ['another dashboard', { dashboard: { ...wish.dashboard, id: 'south' } }],
      ['other items', { dashboard: { ...wish.dashboard, items: ['900'] } }],
      ['no seal', { sealed: undefined }],
      ['a broken seal', { sealed: 'AAAA' }],
    ])('is not served with %s: the on-prem side has the last word', async (_, change) => {
      serve('north-1', { ...(made as object), ...change });
      expect(await reconcileShares(other)).toEqual(['north-1']);
      expect(await other.records.list()).toEqual([]);
    });

    it('ends here when it ends there', async () => {
      await reconcileShares(other);
      time.pass(hour);
      listed('ended');
      await reconcileShares(other);
      expect(await other.records.list()).toEqual([]);
    });

    it('goes with its service user when this gateway alone is removed, and the maker keeps its own', async () => {
      await reconcileShares(other);
      const { service, systemId, systemName, organizationName, gatewayId } = credentialsOf(peer.origin);
      const identity = { service, systemId, systemName, organizationName, gatewayId };
      await store.write({ ...identity, state: 'deleted', reason: 'gateway_removed', since: 0 });
      await reconcileShares(other);
      expect(await other.records.list()).toEqual([]);
      expect(await users()).toHaveLength(1);
    });
  });

  describe('not made', () => {
    it('when not connected: nobody is asked', async () => {
      await store.remove();
      await expect(makeShare(parts, wish)).rejects.toMatchObject({ code: 'not-connected' });
      expect([await users(), await records(), peer.requests]).toEqual([[], [], []]);
    });

    it.each([
      ['refuses', { status: 400, json: { detail: 'The domain is not allowed.' } }, 'refused', 1],
      ['is down', { status: 503 }, 'unreachable', 4],
      ['cuts every connection', { status: 0, cut: true }, 'unreachable', 4],
      ['answers nonsense', { status: 201, json: { id: '../../etc' } }, 'protocol', 1],
    ])(
      'when the service %s: no user stays, and nothing that lets a request in',
      async (_, answer, code, times) => {
        peer.on('POST /api/shares', answer);
        await expect(makeShare(parts, wish)).rejects.toMatchObject({ code });
        expect(await users()).toEqual([]);
        expect((await parts.records.list()).map((record) => record.state)).toEqual(
          code === 'unreachable' ? ['ending'] : [],
        );
        const keys = asked('POST /api/shares').map(({ headers }) => headers['idempotency-key']);
        expect(keys).toHaveLength(times);
        // A repeated request must not make a second share.
        expect(new Set(keys).size).toBe(1);
      },
    );

    it('without an answer of the service: ended there, should it have noted the share, and only then forgotten', async () => {
      peer.on('POST /api/shares', ({ json }) => {
        serve('north-1', json);
        return { status: 503 };
      });
      await expect(makeShare(parts, wish)).rejects.toMatchObject({ code: 'unreachable' });
      await reconcileShares(parts);
      expect(asked('DELETE /api/shares/north-1')).toHaveLength(1);
      expect(await parts.records.read('north-1')).toBeUndefined();
      notListed();
      time.pass(minute);
      await reconcileShares(parts);
      expect([await users(), await records()]).toEqual([[], []]);
    });

    it.each([
      ['refuses the items', { ...wish, dashboard: { ...wish.dashboard, items: ['9999'] } }, 'upstream'],
      ['cannot mean the items', { ...wish, dashboard: { ...wish.dashboard, items: ['x'] } }, 'usage'],
    ])('when the application %s: the service is not asked', async (_, wrong, code) => {
      await expect(makeShare(parts, wrong)).rejects.toMatchObject({ code });
      expect([await users(), await records(), peer.requests]).toEqual([[], [], []]);
    });

    it('when the application is down: nor later, when it is there again, for the sharer was told so', async () => {
      await expect(makeShare(withoutApplication(), wish)).rejects.toMatchObject({ code: 'unreachable' });
      notListed();
      await reconcileShares(parts);
      expect(asked('POST /api/shares')).toEqual([]);
      expect([await users(), await records()]).toEqual([[], []]);
    });

    it('names the file of the admin password when it is missing', async () => {
      const settings = { url: hilltop.system.origin, adminName: 'admin', adminPasswordFile: '/missing.txt' };
      const lost = { ...parts, adapter: createHilltopAdapter(settings, http) };
      await expect(makeShare(lost, wish)).rejects.toMatchObject({
        code: 'config',
        message: 'adapter.adminPasswordFile: /missing.txt cannot be read: ENOENT.',
      });
    });
  });

  describe('interrupted by a crash', () => {
    /** What is on disk when the power fails after the first write, or with `user` after the second step. */
    async function interrupted({ user = false, systemId = 'sys-1' } = {}): Promise<MakingRecord> {
      const { recipients, message, sharedBy, ...rest } = wish;
      const name = 'share-interrupted';
      const making: MakingRecord = {
        ...rest,
        id: 'making-abcdefghijklmnopqrstuvwxyz',
        state: 'making',
        systemId,
        order: { recipients, message, sharedBy },
        serviceUser: { name, sealedPassword: await parts.seal.seal('seventeen-letters', name) },
        createdAt: time.clock.now(),
      };
      await parts.records.write(making);
      if (user) await adapter.createServiceUser({ name, password: 'seventeen-letters' }, making.dashboard);
      return making;
    }

    it.each([
      ['before its user was made', false],
      ['after its user was made', true],
    ])('%s: it is made, once, with the key that it had', async (_, user) => {
      await interrupted({ user });
      await reconcileShares(parts);
      listed('active');
      await reconcileShares(parts);
      expect(asked('POST /api/shares').map(({ headers }) => headers['idempotency-key'])).toEqual([
        'abcdefghijklmnopqrstuvwxyz',
      ]);
      expect(await records()).toEqual(['north-1.json']);
      expect(await users()).toMatchObject([{ name: 'share-interrupted', elementIds: [101, 102, 103] }]);
    });

    it.each([
      ['an hour ago', {}, hour + minute],
      ['while connected as another system', { systemId: 'sys-0' }, 0],
    ])('%s: it is undone, its user too', async (_, fields, age) => {
      await interrupted({ user: true, ...fields });
      time.pass(age);
      await reconcileShares(parts);
      expect([await users(), await records()]).toEqual([[], []]);
      expect(asked('POST /api/shares')).toEqual([]);
    });

    it('and refused by the service when taken up: it is undone', async () => {
      peer.on('POST /api/shares', { status: 409, json: { detail: 'Used for another request.' } });
      await interrupted({ user: true });
      await reconcileShares(parts);
      expect([await users(), await records()]).toEqual([[], []]);
    });

    it('is left alone while somebody makes a share', async () => {
      await interrupted();
      await parts.locks.exclusively('shares', () => reconcileShares(parts));
      expect(asked('POST /api/shares')).toEqual([]);
    });
  });

  describe('ended', () => {
    beforeEach(async () => {
      await makeShare(parts, wish);
    });

    it('is gone here, there and in the application', async () => {
      await endShare(parts, 'north-1');
      expect([await users(), await records()]).toEqual([[], []]);
      expect(asked('DELETE /api/shares/north-1')).toHaveLength(1);
    });

    it('lets nothing through from before the service is told', async () => {
      let during: unknown;
      peer.on('DELETE /api/shares/north-1', async () => {
        during = (await parts.records.read('north-1'))?.state;
        return { status: 204 };
      });
      await endShare(parts, 'north-1');
      expect(during).toBe('ending');
    });

    it('while the service is down: closed here at once, told later, also after a restart', async () => {
      peer.on('DELETE /api/shares/north-1', { status: 503 });
      await expect(endShare(parts, 'north-1')).rejects.toMatchObject({
        code: 'unreachable',
        message: expect.stringContaining('closed here') as string,
      });
      expect(await parts.records.read('north-1')).toMatchObject({ state: 'ending' });
      peer.on('DELETE /api/shares/north-1', { status: 204 });
      await reconcileShares(parts);
      expect([await users(), await records()]).toEqual([[], []]);
    });

    it('while the credentials are expired: told once an approval has renewed them', async () => {
      peer.on('DELETE /api/shares/north-1', { status: 503 });
      await expect(endShare(parts, 'north-1')).rejects.toThrow();
      const { service, systemId, systemName, organizationName, gatewayId } = credentialsOf(peer.origin);
      const identity = { service, systemId, systemName, organizationName, gatewayId };
      await store.write({ ...identity, state: 'expired', reason: 'expired', since: 0 });
      await reconcileShares(parts);
      expect(await parts.records.read('north-1')).toMatchObject({ state: 'ending' });
      peer.on('DELETE /api/shares/north-1', { status: 204 });
      await connectAs(systemId);
      await reconcileShares(parts);
      expect([await users(), await records()]).toEqual([[], []]);
    });

    it('while the application is down: ended all the same, and its user is removed later', async () => {
      await endShare(withoutApplication(), 'north-1');
      expect(await parts.records.read('north-1')).toMatchObject({ state: 'ending' });
      expect(await users()).toHaveLength(1);
      await reconcileShares(parts);
      expect([await users(), await records()]).toEqual([[], []]);
    });

    it('by the service: it goes here with its user', async () => {
      listed('ended');
      await reconcileShares(parts);
      expect([await users(), await records()]).toEqual([[], []]);
    });

    it('and forgotten by the service: it goes too, but not in its first minute', async () => {
      notListed();
      await reconcileShares(parts);
      expect(await records()).toEqual(['north-1.json']);
      time.pass(minute);
      await reconcileShares(parts);
      expect([await users(), await records()]).toEqual([[], []]);
    });

    it.each([['active'], ['paused'], ['expired']])('is not what the service calls %s', async (status) => {
      listed(status);
      time.pass(hour);
      await reconcileShares(parts);
      expect(await records()).toEqual(['north-1.json']);
    });

    it('is not concluded from a service that does not answer', async () => {
      peer.on('GET /api/shares', { status: 503 });
      time.pass(hour);
      await expect(reconcileShares(parts)).rejects.toMatchObject({ code: 'unreachable' });
      expect(await records()).toEqual(['north-1.json']);
    });

    it('is not concluded from credentials that expired or are gone', async () => {
      const { service, systemId, systemName, organizationName, gatewayId } = credentialsOf(peer.origin);
      const identity = { service, systemId, systemName, organizationName, gatewayId };
      await store.write({ ...identity, state: 'expired', reason: 'expired', since: 0 });
      await reconcileShares(parts);
      await store.remove();
      await reconcileShares(parts);
      expect(await records()).toEqual(['north-1.json']);
      expect(await users()).toHaveLength(1);
    });

    it('is concluded when the system was deleted in the portal', async () => {
      const { service, systemId, systemName, organizationName, gatewayId } = credentialsOf(peer.origin);
      const identity = { service, systemId, systemName, organizationName, gatewayId };
      await store.write({ ...identity, state: 'deleted', reason: 'system_deleted', since: 0 });
      await reconcileShares(parts);
      expect([await users(), await records()]).toEqual([[], []]);
    });

    it('is concluded when another system is connected', async () => {
      notListed();
      await connectAs('sys-2');
      await reconcileShares(parts);
      expect([await users(), await records()]).toEqual([[], []]);
    });

    it('with all others after a disconnect, even where the application is down', async () => {
      peer.on('POST /api/shares', ({ json }) => ({ status: 201, json: shareOf('north-2', json) }));
      await makeShare(parts, wish);
      await endAllShares(withoutApplication());
      expect((await parts.records.list()).map((record) => record.state)).toEqual(['ending', 'ending']);
      await store.remove();
      await reconcileShares(parts);
      expect([await users(), await records()]).toEqual([[], []]);
    });

    it('unknown here: the service is asked, and says whether there was one', async () => {
      peer.on('DELETE /api/shares/south-1', { status: 204 });
      await endShare(parts, 'south-1');
      await expect(endShare(parts, 'west-1')).rejects.toMatchObject({ code: 'not-found' });
      expect(await records()).toEqual(['north-1.json']);
    });
  });

  describe('what the application tells of a dashboard', () => {
    it('is what a share of it needs', async () => {
      const { calls, ...dashboard } = (await adapter.describeDashboard('north')) ?? { calls: [] };
      expect(dashboard).toEqual({
        id: 'north',
        title: 'Transmitter site North',
        entryPath: '/dashboards/north',
        items: ['101', '102', '103'],
      });
      expect(explicitAllowlist(calls).rules.length).toBeGreaterThan(3);
    });

    it('is nothing where there is none', async () => {
      expect(await adapter.describeDashboard('west')).toBeUndefined();
    });

    it('is refused where it cannot be understood', async () => {
      peer.on('GET /api/dashboards/north', ok({ title: 'Other software' }));
      await expect(hilltopAt(peer.origin).describeDashboard('north')).rejects.toMatchObject({
        code: 'upstream',
      });
    });
  });
});
