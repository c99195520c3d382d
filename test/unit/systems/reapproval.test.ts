import type { Account } from '../../../shared/accounts/account.ts';
import { TestServices } from '../../support/services.ts';

const minute = 60_000;
const day = 24 * 3600_000;

/** Gateways whose credentials expired or were revoked ask again by themselves; the real services, a clock of our own. */
describe('a gateway that asks to be approved again', () => {
  let test: TestServices;
  let olga: Account;
  let connected: Awaited<ReturnType<TestServices['connect']>>;

  beforeEach(async () => {
    test = await TestServices.compose();
    olga = await test.account('olga@plant.example');
    connected = await test.connect(olga);
  });
  afterEach(() => test.close());

  const as = ({ id, email }: Account) => ({ accountId: id, email });
  const ask = async (presented: string, source = '192.0.2.7') => {
    const asked = await test.services.reapproval.request({ gatewayName: 'hill-7', source, presented });
    if (!asked) throw new Error('taken for a new gateway');
    return asked;
  };
  const waiting = () => test.services.reapproval.ofSystem(connected.system.id);
  const poll = async (deviceCode: string) => {
    test.clock.moveOn(11_000);
    return test.services.deviceGrants.poll(deviceCode);
  };

  /** As a virtual machine that is put back to an older snapshot: an old key, after the newer one was used. */
  async function snapshot() {
    const { credentials } = test.services;
    const old = connected.credentials;
    const newer = await credentials.renew(old.refreshKey);
    await credentials.authenticate(newer.accessToken);
    await expect(credentials.renew(old.refreshKey)).rejects.toMatchObject({ failure: 'reused' });
    return { old, newer };
  }

  it('after 31 days offline: an approval gives it new credentials, and its system, id and shares stay', async () => {
    const { credentials } = test.services;
    test.clock.moveOn(31 * day);
    await expect(credentials.renew(connected.credentials.refreshKey)).rejects.toMatchObject({
      failure: 'expired',
      message: 'The refresh key has expired: an owner or admin can renew it in the portal.',
    });
    const asked = await ask(connected.credentials.refreshKey);
    expect(await waiting()).toMatchObject([
      { requestedFrom: '192.0.2.7', renews: { why: 'expired', userCode: asked.userCode } },
    ]);
    await test.services.reapproval.approve(asked.userCode, as(olga));
    const issued = await poll(asked.deviceCode);
    expect(issued.system.id).toBe(connected.system.id);
    expect(issued.gateway.id).toBe(connected.credentials.gateway.id);
    expect(await credentials.authenticate(issued.accessToken)).toBeDefined();
    expect(await waiting()).toEqual([]);
  });

  it('after a snapshot: every credential of before stays dead, and cuts nobody off any more', async () => {
    const { credentials } = test.services;
    const { old, newer } = await snapshot();
    const asked = await ask(old.refreshKey);
    expect(await waiting()).toMatchObject([{ renews: { why: 'reused' } }]);
    await test.services.reapproval.approve(asked.userCode, as(olga));
    const issued = await poll(asked.deviceCode);
    for (const { refreshKey, accessToken } of [old, newer]) {
      await expect(credentials.renew(refreshKey)).rejects.toMatchObject({ failure: 'revoked' });
      expect(await credentials.authenticate(accessToken)).toBeUndefined();
      await credentials.revoke(refreshKey);
      await credentials.revoke(accessToken);
    }
    const renewed = await credentials.renew(issued.refreshKey);
    expect(await credentials.authenticate(renewed.accessToken)).toBeDefined();
  });

  it('may be put back a second time: it asks with a key of before the approval', async () => {
    const { old } = await snapshot();
    const first = await ask(old.refreshKey);
    await test.services.reapproval.approve(first.userCode, as(olga));
    await poll(first.deviceCode);
    const second = await ask(old.refreshKey);
    expect(await waiting()).toMatchObject([{ renews: { why: 'superseded' } }]);
    await test.services.reapproval.approve(second.userCode, as(olga));
    const issued = await poll(second.deviceCode);
    expect(await test.services.credentials.authenticate(issued.accessToken)).toBeDefined();
    await expect(poll(first.deviceCode)).rejects.toMatchObject({ code: 'invalid_grant' });
  });

  it('loses the reply to its poll, and asks for it again, until the credentials were used', async () => {
    test.clock.moveOn(31 * day);
    const asked = await ask(connected.credentials.refreshKey);
    await test.services.reapproval.approve(asked.userCode, as(olga));
    const lost = await poll(asked.deviceCode);
    const kept = await poll(asked.deviceCode);
    expect(kept.refreshKey).not.toBe(lost.refreshKey);
    expect(await test.services.credentials.authenticate(kept.accessToken)).toBeDefined();
    await expect(poll(asked.deviceCode)).rejects.toMatchObject({ code: 'invalid_grant' });
  });

  it('and a copy of it are both shown; who is approved is the gateway, the other is refused', async () => {
    const { old, newer } = await snapshot();
    const real = await ask(newer.refreshKey, '192.0.2.7');
    // Those of one moment come in any order.
    test.clock.moveOn(1);
    const copy = await ask(old.refreshKey, '203.0.113.9');
    expect((await waiting()).map(({ requestedFrom }) => requestedFrom)).toEqual(['192.0.2.7', '203.0.113.9']);
    const review = await test.services.reapproval.review(real.userCode, as(olga));
    expect(review.others).toMatchObject([{ requestedFrom: '203.0.113.9' }]);
    await test.services.reapproval.approve(real.userCode, as(olga));
    expect(await waiting()).toEqual([]);
    await expect(poll(copy.deviceCode)).rejects.toMatchObject({ code: 'access_denied' });
    await expect(test.services.reapproval.approve(copy.userCode, as(olga))).rejects.toMatchObject({
      code: 'not-found',
    });
    expect((await poll(real.deviceCode)).gateway.id).toBe(connected.credentials.gateway.id);
  });

  it('is refused: it hears so, and nothing has changed', async () => {
    const { old } = await snapshot();
    const asked = await ask(old.refreshKey);
    await test.services.reapproval.refuse(asked.userCode, as(olga));
    await expect(poll(asked.deviceCode)).rejects.toMatchObject({ code: 'access_denied' });
    expect(await waiting()).toEqual([]);
    expect(await test.services.systems.gateway(old.gateway.id)).toMatchObject({ state: 'revoked' });
  });

  it('tells those who may decide once, however often it asks', async () => {
    test.clock.moveOn(31 * day);
    for (let n = 0; n < 40; n++) {
      await ask(connected.credentials.refreshKey);
      test.clock.moveOn(15 * minute);
    }
    const mails = await test.mails('olga@plant.example');
    expect(mails.map(({ subject }) => subject)).toEqual(['A gateway of north asks to be connected again']);
    expect(mails[0]?.text).toContain('192.0.2.7');
    expect(mails[0]?.text).not.toMatch(/[B-Z]{4}-[B-Z]{4}/);
  });

  it('sends no second e-mail after that of a theft, which says the same', async () => {
    const { old } = await snapshot();
    await ask(old.refreshKey);
    expect((await test.mails('olga@plant.example')).map(({ subject }) => subject)).toEqual([
      'A gateway of north was shut out',
    ]);
  });

  it('vanishes from the list when it no longer polls, or its code is over', async () => {
    const { old } = await snapshot();
    const asked = await ask(old.refreshKey);
    for (let n = 0; n < 5; n++) {
      test.clock.moveOn(minute);
      await expect(test.services.deviceGrants.poll(asked.deviceCode)).rejects.toMatchObject({
        code: 'authorization_pending',
      });
    }
    expect(await waiting()).toHaveLength(1);
    test.clock.moveOn(3 * minute);
    expect(await waiting()).toEqual([]);
    await ask(old.refreshKey);
    test.clock.moveOn(15 * minute);
    expect(await waiting()).toEqual([]);
  });

  it('cannot be crowded out by a copy that asks a hundred times', async () => {
    const { old, newer } = await snapshot();
    const real = await ask(newer.refreshKey, '192.0.2.7');
    for (let n = 0; n < 100; n++) await ask(old.refreshKey, '203.0.113.9');
    const all = await waiting();
    expect(all).toHaveLength(6);
    expect(all.map(({ renews }) => renews.userCode)).toContain(real.userCode);
  });

  describe('is decided by owners and admins of its organization only (OWASP ASVS 4.1.3)', () => {
    it.each(['review', 'approve', 'refuse'] as const)('%s', async (act) => {
      const { old } = await snapshot();
      const asked = await ask(old.refreshKey);
      const stranger = await test.account('mallory@other.example');
      await expect(test.services.reapproval[act](asked.userCode, as(stranger))).rejects.toMatchObject({
        code: 'forbidden',
      });
      expect(await waiting()).toHaveLength(1);
    });

    it('and never becomes a system of somebody else by the ordinary approval', async () => {
      const { old } = await snapshot();
      const asked = await ask(old.refreshKey);
      const stranger = await test.account('mallory@other.example');
      await expect(
        test.services.deviceGrants.approve(asked.userCode, stranger, {
          organization: { kind: 'new', name: 'Mallory', slug: 'mallory' },
          system: { name: 'North', slug: 'north' },
        }),
      ).rejects.toMatchObject({ code: 'not-found' });
    });
  });

  it('that knows an id, but shows no key of ours, is taken for a new one: it puts nothing before the owners', async () => {
    const { refreshKey } = connected.credentials;
    const forged = refreshKey.slice(0, -1) + (refreshKey.endsWith('A') ? 'B' : 'A');
    for (const presented of [forged, connected.credentials.gateway.id, '', 'x'.repeat(1000)]) {
      expect(
        await test.services.reapproval.request({ gatewayName: 'x', source: '203.0.113.9', presented }),
      ).toBeUndefined();
    }
    expect(await waiting()).toEqual([]);
    expect(await test.mails('olga@plant.example')).toEqual([]);
  });

  it('of a system that was disconnected hears that, by whom and when, and asks no one', async () => {
    const { system, credentials } = connected;
    await test.services.systems.disconnect(system, { kind: 'account', id: olga.id, label: olga.email });
    await expect(test.services.credentials.renew(credentials.refreshKey)).rejects.toMatchObject({
      failure: 'system_deleted',
      message: 'The system was disconnected by olga@plant.example on 1 Jun 2026, 12:00 UTC.',
    });
    await expect(ask(credentials.refreshKey)).rejects.toMatchObject({ failure: 'system_deleted' });
  });

  it('is approved twice at once: one of the two holds, and the system stays usable', async () => {
    const { old, newer } = await snapshot();
    const [a, b] = [await ask(newer.refreshKey, '192.0.2.7'), await ask(old.refreshKey, '203.0.113.9')];
    const done = await Promise.allSettled(
      [a, b].map(({ userCode }) => test.services.reapproval.approve(userCode, as(olga))),
    );
    expect(done.some(({ status }) => status === 'fulfilled')).toBe(true);
    test.clock.moveOn(11_000);
    const polls = await Promise.allSettled(
      [a, b].map(({ deviceCode }) => test.services.deviceGrants.poll(deviceCode)),
    );
    expect(polls.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
    const again = await ask(old.refreshKey);
    await test.services.reapproval.approve(again.userCode, as(olga));
    expect(await poll(again.deviceCode)).toBeDefined();
  });

  it('says all of it in the audit', async () => {
    const { old } = await snapshot();
    const asked = await ask(old.refreshKey);
    await ask(old.refreshKey, '203.0.113.9');
    await test.services.reapproval.approve(asked.userCode, as(olga));
    const { items } = await test.services.audit.list(connected.system.organizationId, { limit: 50 });
    expect(items.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['gateway.revoked', 'gateway.asked', 'gateway.approved']),
    );
    expect(items.find(({ action }) => action === 'gateway.approved')?.details).toMatchObject({
      from: '192.0.2.7',
      why: 'reused',
      othersRefused: '203.0.113.9',
    });
  });
});
