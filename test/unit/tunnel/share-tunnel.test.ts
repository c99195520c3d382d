import type { Readable } from 'node:stream';
import { PassThrough } from 'node:stream';
import { silentLog } from '../../../shared/log.ts';
import { second } from '../../../shared/clock.ts';
import { allowlistDocumentSchema, createAllowlists } from '../../../shared/shares/allowlist-document.ts';
import type { Share } from '../../../shared/shares/share.ts';
import { collection } from '../../../shared/store/collection.ts';
import type { TunnelAnswer, TunnelRequest } from '../../../shared/tunnel/relay-sender.ts';
import { createShareTunnel, type ViewerRequest } from '../../../shared/tunnel/share-tunnel.ts';
import { shareWish, TestServices } from '../../support/services.ts';

const owner = { kind: 'system', id: 'test' } as const;

/** What a viewer has open when it is revoked: the clock of the rechecks is turned by hand. */
describe('an open request of a viewer', () => {
  let test: TestServices;
  let share: Share;
  let cookie: string;
  let system: Awaited<ReturnType<TestServices['connect']>>['system'];
  let ticks: Set<() => Promise<void>>;
  let checking: (() => Promise<void>) | undefined;
  let sent: TunnelRequest[];
  let answer: (request: TunnelRequest) => Promise<TunnelAnswer>;

  const flowing = (body: Readable): Promise<TunnelAnswer> =>
    Promise.resolve({ status: 200, headers: {}, body, fromListener: true });
  const tick = async () => {
    for (const task of ticks) await task().catch(() => {});
  };
  const request = (): ViewerRequest => ({
    shareId: share.id,
    cookie,
    method: 'GET',
    target: '/dashboards/north',
    headers: [],
    body: new Uint8Array(),
    signal: new AbortController().signal,
    requestId: 'request-1',
  });
  const serve = (viewer = request()) => {
    const { services } = test;
    return createShareTunnel({
      access: {
        ...services.shareAccess,
        check: async (...asked) => {
          await checking?.();
          return services.shareAccess.check(...asked);
        },
      },
      allowlists: createAllowlists(collection(services.store, 'allowlists', allowlistDocumentSchema)),
      shares: services.shares,
      refused: services.refusedCalls,
      sender: {
        send: (given) => {
          sent.push(given);
          return answer(given);
        },
        close: () => {},
      },
      audit: services.audit,
      telemetry: services.telemetry,
      site: services.site,
      clock: test.clock,
      log: silentLog,
      every: (_, task) => {
        ticks.add(task);
        return () => void ticks.delete(task);
      },
    })(viewer);
  };

  beforeEach(async () => {
    test = await TestServices.compose();
    ({ system } = await test.connect(await test.account('olga@plant.example')));
    share = (await test.services.shares.create(system, owner, shareWish('ann@guest.example'))).share;
    const ann = await test.account('ann@guest.example');
    const portal = await test.services.sessions.openPortal(ann);
    cookie = (await test.services.sessions.openShare(ann, share.id, portal.session.id)).cookie;
    ticks = new Set();
    sent = [];
    checking = undefined;
  });

  afterEach(() => test.close());

  const revocations: [string, () => Promise<unknown>][] = [
    ['deleted', () => test.services.shares.remove(share, owner)],
    ['paused', () => test.services.shares.update(share, owner, { status: 'paused' })],
    [
      'expired',
      async () => {
        const expiresAt = new Date(test.clock.now() + second).toISOString();
        await test.services.shares.update(share, owner, { expiresAt });
        test.clock.moveOn(second);
      },
    ],
    [
      'taken from this recipient',
      () => test.services.shares.update(share, owner, { recipients: shareWish('ben@b.example').recipients }),
    ],
    [
      "ended with the account's sessions",
      async () => test.services.sessions.closeAll((await test.account('ann@guest.example')).id),
    ],
    ['ended with its system', () => test.services.systems.disconnect(system, owner)],
  ];

  it.each(revocations)('is cut while it streams when the share is %s', async (_, revoke) => {
    const body = new PassThrough();
    answer = () => flowing(body);
    const response = await serve();
    if (response.kind !== 'answer') throw new Error(response.why);
    body.write('one');
    await tick();
    expect(body.destroyed).toBe(false);
    await revoke();
    await tick();
    expect(body.destroyed).toBe(true);
    expect(ticks.size).toBe(0);
  });

  it.each(revocations)('gets nothing of a late answer when the share is %s meanwhile', async (_, revoke) => {
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
    answer = ({ signal }) => {
      isAsked();
      return new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      });
    };
    const response = serve();
    await asked;
    await tick();
    await revoke();
    await tick();
    expect(await response).toMatchObject({ kind: 'closed' });
    expect(sent).toHaveLength(1);
    expect(ticks.size).toBe(0);
  });

  it('is left alone while it may, and no more asked about when it is over', async () => {
    const body = new PassThrough();
    answer = () => flowing(body);
    await serve();
    for (let second = 0; second < 20; second++) {
      test.clock.moveOn(1000);
      await tick();
    }
    expect(body.destroyed).toBe(false);
    body.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ticks.size).toBe(0);
  });

  it('outlives a short outage of the store, and is cut by a long one: nobody could take it back', async () => {
    const body = new PassThrough();
    answer = () => flowing(body);
    await serve();
    checking = () => Promise.reject(new Error('no store'));
    test.clock.moveOn(4 * second);
    await tick();
    expect(body.destroyed).toBe(false);
    checking = undefined;
    await tick();
    checking = () => Promise.reject(new Error('no store'));
    test.clock.moveOn(4 * second);
    await tick();
    expect(body.destroyed).toBe(false);
    test.clock.moveOn(2 * second);
    await tick();
    expect(body.destroyed).toBe(true);
  });

  it('asks once at a time of a store that does not answer, and is cut in the end', async () => {
    const body = new PassThrough();
    answer = () => flowing(body);
    await serve();
    let asked = 0;
    checking = () => {
      asked++;
      return new Promise(() => {});
    };
    const turn = () => ticks.forEach((task) => void task().catch(() => {}));
    for (let second = 0; second < 5; second++) {
      turn();
      test.clock.moveOn(1000);
    }
    expect([asked, body.destroyed]).toEqual([1, false]);
    test.clock.moveOn(1000);
    turn();
    expect([asked, body.destroyed]).toEqual([1, true]);
  });

  it.each([
    [
      'a page of another share embeds',
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
      'another origin',
    ],
    ['would register a service worker', { 'service-worker': 'script' }, 'service worker'],
    ['would open a WebSocket', { 'sec-websocket-key': 'x', 'sec-websocket-version': '13' }, 'WebSocket'],
  ])('is refused when it is what %s, and the owner reads why', async (_, headers, why) => {
    await expect(serve({ ...request(), headers: Object.entries(headers) })).rejects.toMatchObject({
      code: 'not-in-allowlist',
    });
    expect(sent).toEqual([]);
    const { items } = await test.services.audit.list(system.organizationId, { limit: 10 });
    const refusal = items.find(({ action }) => action === 'request.refused');
    expect(refusal?.details?.['difference']).toContain(why);
    // No rule could admit it, so nobody is asked to.
    expect(await test.services.refusedCalls.of(share.id)).toEqual([]);
  });
});
