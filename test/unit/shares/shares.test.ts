import { createInvitationDelivery } from '../../../shared/invitations/invitation-delivery.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import type { EmailOutcome } from '../../../shared/email/email-sender.ts';
import { silentLog } from '../../../shared/log.ts';
import { shareSchema } from '../../../shared/shares/share.ts';
import { collection } from '../../../shared/store/collection.ts';
import { systemSchema, type System } from '../../../shared/systems/system.ts';
import { shareWish, TestServices } from '../../support/services.ts';

let test: TestServices;
let system: System;
const actor = { kind: 'gateway', id: 'gw-1' } as const;
const ann = emailAddress('ann@guest.example');
const ben = emailAddress('ben@guest.example');

beforeEach(async () => {
  test = await TestServices.compose();
  ({ system } = await test.connect(await test.account('olga@plant.example')));
});
afterEach(() => test.close());

const make = async (...recipients: string[]) =>
  (await test.services.shares.create(system, actor, shareWish(...recipients))).share;

/** Someone signed in at the portal and at the share, as after following the link. */
async function viewer(address: string, shareId: string) {
  const { sessions, shareHandoff } = test.services;
  const { session: portal } = await sessions.openPortal(await test.account(address));
  const code = await shareHandoff.issue(portal, shareId as never, 'state');
  const cookie = await shareHandoff.redeem(code, shareId as never, 'state');
  return { portal, cookie, check: () => test.services.shareAccess.check(shareId, cookie) };
}

describe('access to a share', () => {
  it('is open to a recipient, and closed to everyone else', async () => {
    const share = await make(ann);
    expect(await (await viewer(ann, share.id)).check()).toMatchObject({
      kind: 'open',
      recipient: { email: ann },
    });
    expect(await (await viewer(ben, share.id)).check()).toEqual({ kind: 'closed', why: 'wrong-account' });
    expect(await test.services.shareAccess.check(share.id, undefined)).toEqual({
      kind: 'closed',
      why: 'sign-in',
    });
    expect(await test.services.shareAccess.check('invented', undefined)).toEqual({
      kind: 'closed',
      why: 'unknown',
    });
  });

  it.each<
    [
      string,
      string,
      (context: { share: Awaited<ReturnType<typeof make>>; portal: never }) => Promise<unknown>,
    ]
  >([
    ['the share is deleted', 'ended', ({ share }) => test.services.shares.remove(share, actor)],
    [
      'it is paused',
      'paused',
      ({ share }) => test.services.shares.update(share, actor, { status: 'paused' }),
    ],
    [
      'the recipient is removed',
      'wrong-account',
      ({ share }) => test.services.shares.update(share, actor, { recipients: [ben] }),
    ],
    [
      'the recipient leaves',
      'wrong-account',
      ({ share }) => test.services.shares.leave(share.id, share.recipients[0]?.accountId as never, ann),
    ],
    ['the portal session is closed', 'sign-in', ({ portal }) => test.services.sessions.close(portal)],
    ['the system is disconnected', 'ended', () => test.services.systems.disconnect(system, actor)],
  ])('ends for an open session as soon as %s', async (_, why, act) => {
    const share = await make(ann);
    const { check, portal } = await viewer(ann, share.id);
    expect((await check()).kind).toBe('open');
    await act({ share, portal: portal as never });
    expect(await check()).toEqual({ kind: 'closed', why });
  });

  it('ends at the expiry, whether or not the timer ran', async () => {
    const wish = { ...shareWish(ann), expiresAt: new Date(test.clock.now() + 3600_000).toISOString() };
    const { share } = await test.services.shares.create(system, actor, wish);
    const { check } = await viewer(ann, share.id);
    test.clock.moveOn(3600_000);
    expect(await check()).toEqual({ kind: 'closed', why: 'expired' });
    expect(await test.services.shares.endExpired(10)).toBe(1);
    expect(await check()).toEqual({ kind: 'closed', why: 'ended' });
    expect(await test.services.shares.endExpired(10)).toBe(0);
  });

  it('comes back when a pause ends', async () => {
    const share = await make(ann);
    const { check } = await viewer(ann, share.id);
    await test.services.shares.update(share, actor, { status: 'paused' });
    await test.services.shares.update(share, actor, { status: 'active' });
    expect((await check()).kind).toBe('open');
  });
});

describe('the way from portal to share', () => {
  it('works once, for one minute, for one share, in the browser that began it', async () => {
    const { sessions, shareHandoff } = test.services;
    const [share, other] = [await make(ann), await make(ann)];
    const { session: portal } = await sessions.openPortal(await test.account(ann));
    const issue = () => shareHandoff.issue(portal, share.id, 'state');

    const once = await issue();
    const redeemed = await Promise.all([1, 2].map(() => shareHandoff.redeem(once, share.id, 'state')));
    expect(redeemed.filter((cookie) => cookie !== undefined)).toHaveLength(1);
    expect(await shareHandoff.redeem(await issue(), other.id, 'state')).toBeUndefined();
    expect(await shareHandoff.redeem(await issue(), share.id, 'another')).toBeUndefined();
    expect(await shareHandoff.redeem('invented', share.id, 'state')).toBeUndefined();
    const late = await issue();
    test.clock.moveOn(61_000);
    expect(await shareHandoff.redeem(late, share.id, 'state')).toBeUndefined();
  });
});

describe('a share', () => {
  it('keeps no content once it has ended', async () => {
    const { share } = await test.services.shares.create(system, actor, {
      ...shareWish(ann),
      message: 'secret words',
    });
    await test.services.shares.remove(share, actor);
    for (const container of ['shares', 'allowlists', 'grants'] as const) {
      for await (const document of test.services.store.scan(container)) {
        expect(JSON.stringify(document)).not.toMatch(/secret words|ann@guest|\/dashboards\/north/);
      }
    }
  });

  it('is listed for its recipients until it ends', async () => {
    const share = await make(ann);
    const account = await test.account(ann);
    expect((await test.services.shares.receivedBy(account.id)).map(({ id }) => id)).toEqual([share.id]);
    await test.services.shares.remove(share, actor);
    expect(await test.services.shares.receivedBy(account.id)).toEqual([]);
  });

  it('notes who opened it first and last, and audits the first time', async () => {
    const share = await make(ann);
    const account = await test.account(ann);
    const { shares } = test.services;
    await shares.noteOpened(share, account.id);
    test.clock.moveOn(120_000);
    await shares.noteOpened(await shares.ofSystem(system.id, share.id), account.id);
    const [recipient] = (await shares.ofSystem(system.id, share.id)).recipients;
    expect(Date.parse(recipient?.lastOpenedAt ?? '') - Date.parse(recipient?.firstOpenedAt ?? '')).toBe(
      120_000,
    );
    const { items } = await test.services.audit.list(system.organizationId, {
      limit: 50,
      action: 'share.opened',
    });
    expect(items).toHaveLength(1);
  });

  it('can be changed by its own system only', async () => {
    const share = await make(ann);
    const { system: foreign } = await test.connect(await test.account('eve@evil.example'), 'evil');
    await expect(test.services.shares.ofSystem(foreign.id, share.id)).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('that has ended cannot be changed back', async () => {
    const share = await make(ann);
    await test.services.shares.remove(share, actor);
    const change = test.services.shares.update(share, actor, { status: 'active' });
    await expect(change).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('invitations', () => {
  /** Delivery through a provider that answers as told. */
  function deliveryWith(outcomes: (to: string) => EmailOutcome) {
    const { store, organizations, site } = test.services;
    const sent: { to: string; operationId: string }[] = [];
    const delivery = createInvitationDelivery({
      shares: collection(store, 'shares', shareSchema),
      systems: collection(store, 'systems', systemSchema),
      organizations,
      email: {
        send: async ({ to, operationId }) => {
          sent.push({ to, operationId });
          return outcomes(to);
        },
      },
      clock: test.clock,
      log: silentLog,
      publicOrigin: site.publicOrigin,
    });
    return { delivery, sent };
  }
  const states = async (id: string) =>
    (await test.services.shares.ofSystem(system.id, id)).recipients.map(({ invitation }) => invitation.state);

  it('are each sent once, however often the sweep runs', async () => {
    const { delivery, sent } = deliveryWith(() => ({ status: 'sent' }));
    const share = await make(ann, ben);
    await delivery.deliver(share.id);
    await delivery.deliver(share.id);
    await delivery.sweep(10);
    expect(sent.map(({ to }) => to).sort()).toEqual([ann, ben]);
    expect(await states(share.id)).toEqual(['sent', 'sent']);
  });

  it('are tried again later under the same operation id, and given up in the end', async () => {
    const { delivery, sent } = deliveryWith((to) =>
      to === ann ? { status: 'deferred', reason: '450' } : { status: 'sent' },
    );
    const share = await make(ann, ben);
    await delivery.deliver(share.id);
    expect(await states(share.id)).toEqual(['queued', 'sent']);
    await delivery.sweep(10);
    expect(sent).toHaveLength(2);
    for (let i = 0; i < 10; i++) {
      test.clock.moveOn(24 * 3600_000);
      await delivery.sweep(10);
    }
    expect(await states(share.id)).toEqual(['failed', 'sent']);
    const anns = sent.filter(({ to }) => to === ann);
    expect(anns).toHaveLength(8);
    expect(new Set(anns.map(({ operationId }) => operationId)).size).toBe(1);
    expect(await delivery.sweep(10)).toBe(0);
  });

  it('to an address that the provider rejects are given up at once, and can be sent again by hand', async () => {
    const { delivery, sent } = deliveryWith(() => ({ status: 'rejected', reason: '550' }));
    const share = await make(ann);
    await delivery.deliver(share.id);
    expect(await states(share.id)).toEqual(['failed']);
    await test.services.shares.resendInvitation(share, actor, ann);
    await delivery.deliver(share.id);
    expect(new Set(sent.map(({ operationId }) => operationId)).size).toBe(2);
  });

  it('survive a crash between share and mail: the sweep finds them', async () => {
    const share = await make(ann);
    await test.services.invitations.sweep(10);
    expect(await states(share.id)).toEqual(['sent']);
    expect(await test.mails(ann)).toHaveLength(1);
  });

  it('wait while the share is paused', async () => {
    const share = await make(ann);
    await test.services.shares.update(share, actor, { status: 'paused' });
    await test.services.invitations.sweep(10);
    expect(await test.mails(ann)).toEqual([]);
    await test.services.shares.update(share, actor, { status: 'active' });
    await test.services.invitations.sweep(10);
    expect(await test.mails(ann)).toHaveLength(1);
  });
});
