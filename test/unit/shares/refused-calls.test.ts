import fc from 'fast-check';
import type { AuditAction } from '../../../shared/audit/audit-actions.ts';
import type { RawRequest } from '../../../shared/allowlist/request.ts';
import { day, minute } from '../../../shared/clock.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import type { Share } from '../../../shared/shares/share.ts';
import type { System } from '../../../shared/systems/system.ts';
import { shareWish, TestServices } from '../../support/services.ts';

let test: TestServices;
let system: System;
let share: Share;
const gateway = { kind: 'gateway', id: 'gw-1' } as const;
const olga = { kind: 'account', id: 'acc-olga', label: 'olga@plant.example' } as const;
const words = { by: 'service', difference: 'The path differs.' } as const;

beforeEach(async () => {
  test = await TestServices.compose();
  ({ system } = await test.connect(await test.account('olga@plant.example')));
  ({ share } = await test.services.shares.create(
    system,
    gateway,
    shareWish(emailAddress('ann@guest.example')),
  ));
});
afterEach(() => test.close());

const get = (target: string): RawRequest => ({ method: 'GET', target });
const note = (request: RawRequest, by: 'service' | 'gateway' = 'service') =>
  test.services.refusedCalls.note(share.id, request, { ...words, by });
const refused = () => test.services.refusedCalls.of(share.id);
const current = () => test.services.shares.ofSystem(system.id, share.id);
const actions = async (action: AuditAction) =>
  (await test.services.audit.list(system.organizationId, { limit: 50, action })).items;
async function firstProposal() {
  const [call] = await refused();
  return test.services.allowlistChanges.propose(await current(), call?.id ?? '');
}

describe('the refused calls of a share', () => {
  it('count a call that comes with every refresh once, whatever its times', async () => {
    for (let refresh = 0; refresh < 5; refresh++) {
      const now = test.clock.now();
      await note(get(`/v?id=7&from=${now - 3_600_000}&to=${now}`));
      test.clock.moveOn(2 * minute);
    }
    expect(await refused()).toMatchObject([{ method: 'GET', times: 5, admissible: true }]);
  });

  it('write nothing for a repetition within a minute', async () => {
    await note(get('/a'));
    const before = await test.services.store.read('refusedCalls', share.id, share.id);
    await note(get('/a'));
    expect((await test.services.store.read('refusedCalls', share.id, share.id))?.etag).toBe(before?.etag);
  });

  it('keep what comes again and again when someone tries one thing after the other', async () => {
    await note(get('/wanted'));
    test.clock.moveOn(2 * minute);
    await note(get('/wanted'));
    for (let i = 0; i < 120; i++) await note(get(`/guess-${i}`));
    const calls = await refused();
    expect(calls).toHaveLength(50);
    expect(calls.map(({ target }) => target)).toContain('/wanted');
  });

  it.each<[string, RawRequest]>([
    [
      'a body of 8,193 bytes',
      { method: 'POST', target: '/a', contentType: 'text/plain', body: Buffer.alloc(8193, 97) },
    ],
    ['a target of 2,001 characters', get(`/${'a'.repeat(2000)}`)],
    ['a path that can be read in two ways', get('/a/%2e%2e/b')],
    ['a password in the query', get('/login?user=ann&password=geheim')],
    [
      'a password in the body',
      {
        method: 'POST',
        target: '/login?next=home',
        contentType: 'application/json',
        body: Buffer.from('{"user":"ann","password":"geheim"}'),
      },
    ],
  ])('of %s keep where it led, nothing of what it held, and cannot be admitted', async (_, request) => {
    await note(request);
    const [call] = await refused();
    expect(call).toMatchObject({ admissible: false });
    expect(call?.body).toBeUndefined();
    expect(call?.target.length).toBeLessThanOrEqual(2000);
    expect(JSON.stringify(call)).not.toContain('geheim');
    await expect(firstProposal()).rejects.toMatchObject({ code: 'conflict' });
  });

  it('are forgotten after 30 days, and with the share', async () => {
    await note(get('/a'));
    test.clock.moveOn(31 * day);
    expect(await refused()).toEqual([]);
    await note(get('/b'));
    await test.services.shares.remove(share, gateway);
    expect(await refused()).toEqual([]);
  });

  it('stay readable and bounded whatever is sent', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string(),
        fc.string(),
        fc.uint8Array({ maxLength: 300 }),
        async (target, type, body) => {
          await note({ method: 'POST', target: `/${target}`, contentType: type, body });
          expect((await refused()).length).toBeLessThanOrEqual(50);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('admitting a refused call in the portal', () => {
  it('admits what was shown: the service changes at once, the gateway keeps its list until it accepts', async () => {
    await note(get('/dashboards/north/legend'));
    const proposal = await firstProposal();
    expect(proposal).toMatchObject({ words: 'GET /dashboards/north/legend', warnings: [] });
    const old = share.allowlistId;
    await test.services.allowlistChanges.admit(share, olga, proposal.call.id, proposal.digest);

    const changed = await current();
    expect(changed).toMatchObject({ gatewayAllowlistId: old });
    expect(changed.allowlistId).not.toBe(old);
    const { rules } = await test.services.allowlistChanges.allowlistOf(changed);
    expect(rules.map(({ path }) => path)).toEqual([
      ['dashboards', 'north'],
      ['dashboards', 'north', 'legend'],
    ]);
    expect(await refused()).toEqual([]);
    expect(await actions('request.admitted')).toMatchObject([
      {
        actor: { label: 'olga@plant.example' },
        details: { by: 'portal', target: '/dashboards/north/legend' },
      },
    ]);
    expect(await actions('share.updated')).toMatchObject([
      { details: { calls: '+ GET /dashboards/north/legend' } },
    ]);

    const allowlist = await test.services.allowlistChanges.allowlistOf(changed);
    await test.services.shares.update(changed, gateway, { allowlist });
    expect((await current()).gatewayAllowlistId).toBeUndefined();
  });

  it('admits nothing else than what was shown (ASVS 4.2: the action is bound to its confirmation)', async () => {
    await note(get('/legend'));
    const proposal = await firstProposal();
    const wrong = test.services.allowlistChanges.admit(share, olga, proposal.call.id, 'another');
    await expect(wrong).rejects.toMatchObject({ code: 'conflict' });
    const unknown = test.services.allowlistChanges.admit(share, olga, 'unknown', proposal.digest);
    await expect(unknown).rejects.toMatchObject({ code: 'not-found' });
    expect((await current()).allowlistId).toBe(share.allowlistId);
  });

  it('happens once when two owners agree at once', async () => {
    await note(get('/legend'));
    const { call, digest } = await firstProposal();
    const both = await Promise.allSettled(
      [1, 2].map(() => test.services.allowlistChanges.admit(share, olga, call.id, digest)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await test.services.allowlistChanges.allowlistOf(await current())).rules).toHaveLength(2);
  });

  it('does not open a share that has ended', async () => {
    await note(get('/legend'));
    const { call, digest } = await firstProposal();
    await test.services.shares.remove(share, gateway);
    const late = test.services.allowlistChanges.admit(share, olga, call.id, digest);
    await expect(late).rejects.toMatchObject({ name: 'Problem' });
    expect((await current()).status).toBe('ended');
  });

  it('does not settle what the gateway refuses: only the gateway admits that', async () => {
    await note(get('/legend'), 'gateway');
    await note(get('/legend'), 'service');
    const call = (await refused()).find(({ by }) => by === 'service');
    const { digest } = await test.services.allowlistChanges.propose(share, call?.id ?? '');
    await test.services.allowlistChanges.admit(share, olga, call?.id ?? '', digest);
    expect(await refused()).toMatchObject([{ by: 'gateway' }]);
    const allowlist = await test.services.allowlistChanges.allowlistOf(await current());
    await test.services.shares.update(await current(), gateway, { allowlist });
    expect(await refused()).toEqual([]);
  });
});

describe('a changed dashboard', () => {
  it('is told in the audit rule by rule; its old allowlist is forgotten later', async () => {
    const rules = [
      { id: '1', method: 'GET' as const, path: ['dashboards', 'north'] },
      { id: '2', method: 'GET' as const, path: ['dashboards', 'north', 'map'] },
    ];
    await test.services.shares.update(share, gateway, {
      dashboard: { title: 'North and map', entryPath: '/dashboards/north', items: ['101', '102'] },
      allowlist: { version: 1, rules },
    });
    expect((await current()).dashboard).toMatchObject({
      id: 'north',
      title: 'North and map',
      items: ['101', '102'],
    });
    const told = await actions('share.updated');
    expect(told.map(({ details }) => details?.['calls'])).toContain('+ GET /dashboards/north/map');

    for (let i = 0; i < 4; i++) {
      await test.services.shares.update(await current(), gateway, {
        allowlist: { version: 1, rules: [...rules, { id: '3', method: 'GET', path: [`p${i}`] }] },
      });
    }
    const kept = await test.services.store.query('allowlists', { partition: share.id, limit: 100 });
    expect(kept.items).toHaveLength(2);
  });
});
