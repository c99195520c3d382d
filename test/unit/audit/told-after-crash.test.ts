import type { AuditAction } from '../../../shared/audit/audit-actions.ts';
import { hour, instant, minute } from '../../../shared/clock.ts';
import { expiry } from '../../../functions/expiry.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import type { Share } from '../../../shared/shares/share.ts';
import { dieAtWrite, HostDied } from '../../support/dying-store.ts';
import { shareWish, TestServices } from '../../support/services.ts';

const actor = { kind: 'gateway', id: 'gw-1' } as const;
const ann = emailAddress('ann@guest.example');
const bob = emailAddress('bob@guest.example');
const otherRules = { version: 1 as const, rules: [{ id: '2', method: 'GET' as const, path: ['south'] }] };

interface Case {
  readonly action: AuditAction;
  readonly act: (test: TestServices, share: Share) => Promise<unknown>;
  /** Whether the write of the change itself came through. */
  readonly happened: (share: Share, before: Share) => boolean;
}

const cases: Readonly<Record<string, Case>> = {
  'is deleted': {
    action: 'share.revoked',
    act: ({ services }, share) => services.shares.remove(share, actor),
    happened: ({ status }) => status === 'ended',
  },
  'ends with its system': {
    action: 'share.revoked',
    act: ({ services }, share) => services.shares.endAll(share.systemId, actor),
    happened: ({ status }) => status === 'ended',
  },
  expires: {
    action: 'share.expired',
    act: ({ services, clock }) => (clock.moveOn(2 * hour), services.shares.endExpired(10)),
    happened: ({ status }) => status === 'ended',
  },
  'loses a recipient': {
    action: 'share.updated',
    act: ({ services }, share) => services.shares.update(share, actor, { recipients: [bob] }),
    happened: ({ recipients }) => recipients.length === 1,
  },
  'gets another allowlist': {
    action: 'share.updated',
    act: ({ services }, share) => services.shares.update(share, actor, { allowlist: otherRules }),
    happened: ({ allowlistId }, before) => allowlistId !== before.allowlistId,
  },
  'is left': {
    action: 'share.recipient-left',
    act: async (test, share) => test.services.shares.leave(share.id, (await test.account(ann)).id, ann),
    happened: ({ recipients }) => recipients.length === 1,
  },
  'is opened': {
    action: 'share.opened',
    act: async (test, share) => test.services.shares.noteOpened(share, (await test.account(ann)).id),
    happened: ({ recipients }) => recipients[0]?.firstOpenedAt !== undefined,
  },
  'is sent again': {
    action: 'invitation.resent',
    act: ({ services }, share) => services.shares.resendInvitation(share, actor, ann),
    happened: ({ recipients }, before) =>
      recipients[0]?.invitation.operationId !== before.recipients[0]?.invitation.operationId,
  },
};

let test: TestServices;
beforeEach(async () => (test = await TestServices.compose()));
afterEach(() => test.close());

async function makeShare(): Promise<Share> {
  const { system } = await test.connect(await test.account('olga@plant.example'));
  await test.account(ann);
  const wish = { ...shareWish(ann, bob), expiresAt: instant(test.clock.now() + hour) };
  return (await test.services.shares.create(system, actor, wish)).share;
}

const told = async (share: Share, action: AuditAction) =>
  (await test.services.audit.list(share.organizationId, { action, subject: share.id, limit: 100 })).items;

/** The host dies at one write of what it does; then another runs its expiry timer. @returns false when it survived */
async function dies(at: number, act: () => Promise<unknown>): Promise<boolean> {
  const count = dieAtWrite(test.services.store, at);
  const died = await act().then(
    () => false,
    (error: unknown) => {
      if (error instanceof HostDied) return true;
      throw error;
    },
  );
  test = await test.restart();
  test.clock.moveOn(2 * minute);
  await expiry(test.services);
  expect(count.writes).toBeLessThan(30);
  return died;
}

it.each(Object.entries(cases))(
  'the audit tells once of a share that %s, whenever the host dies',
  async (_, { action, act, happened }) => {
    const share = await makeShare();
    let deaths = 0;
    let tested = share;
    for (let at = 0; ; at++) {
      const died = await dies(at, () => act(test, tested));
      const now = await test.services.shares.ofSystem(share.systemId, tested.id);
      expect([at, (await told(tested, action)).length]).toEqual([at, happened(now, tested) ? 1 : 0]);
      expect(now.untold).toBeUndefined();
      if (!died) break;
      deaths++;
      // The next one dies one write later, with a share of its own.
      const system = (await test.services.systems.read(share.systemId))!;
      const wish = { ...shareWish(ann, bob), expiresAt: instant(test.clock.now() + hour) };
      tested = (await test.services.shares.create(system, actor, wish)).share;
    }
    expect(deaths).toBeGreaterThan(1);
  },
);

it('the audit tells once of a share that is made, whenever the host dies', async () => {
  const share = await makeShare();
  for (let at = 0; ; at++) {
    const system = (await test.services.systems.read(share.systemId))!;
    const died = await dies(at, () => test.services.shares.create(system, actor, shareWish(ann)));
    const { items } = await test.services.shares.list(share.systemId, 100);
    for (const each of items) expect(await told(each, 'share.created')).toHaveLength(1);
    if (!died) break;
  }
});

describe('of what happens to organizations and systems', () => {
  const olga = 'olga@plant.example';
  const otto = emailAddress('otto@plant.example');

  async function stage() {
    const account = await test.account(olga);
    const { system } = await test.connect(account);
    const by = { accountId: account.id, email: account.email };
    const { organizationMembers } = test.services;
    await organizationMembers.invite(system.organizationId, by, { email: otto, role: 'member' });
    return { system, id: system.organizationId, by, joining: await test.account(otto) };
  }
  type Stage = Awaited<ReturnType<typeof stage>>;

  const acts: Readonly<Record<string, readonly [AuditAction, (stage: Stage) => Promise<unknown>]>> = {
    'the disconnecting of a system': [
      'system.disconnected',
      ({ system, by }) =>
        test.services.systems.disconnect(system, { kind: 'account', id: by.accountId, label: olga }),
    ],
    'a new name': [
      'organization.changed',
      ({ id, by }) => test.services.organizationLife.rename(id, by, 'Works'),
    ],
    'a policy': [
      'setting.changed',
      async ({ id, by }) => {
        const organization = (await test.services.organizations.read(id))!;
        const who = { caller: by, actor: { kind: 'account', id: by.accountId } } as const;
        return test.services.policies.set(organization, who, { longestShareDays: 7 }, 'keep');
      },
    ],
    'a member who joins': [
      'organization.member-joined',
      ({ id, joining }) =>
        test.services.organizationMembers.accept(id, { accountId: joining.id, email: joining.email }),
    ],
    'an invitation that is withdrawn': [
      'organization.invitation-withdrawn',
      ({ id, by }) => test.services.organizationMembers.withdraw(id, by, otto),
    ],
  };

  /** Written, whether told or not: what everybody can see without the audit. */
  async function happened({ id, system }: Stage, action: AuditAction): Promise<boolean> {
    const organization = (await test.services.organizations.read(id))!;
    switch (action) {
      case 'system.disconnected':
        return (await test.services.systems.read(system.id))?.state === 'disconnected';
      case 'organization.changed':
        return organization.name === 'Works';
      case 'setting.changed':
        return organization.policy !== undefined;
      case 'organization.member-joined':
        return organization.members.length === 2;
      default:
        return organization.invitations?.length === 0;
    }
  }

  it.each(Object.entries(acts))(
    'the audit tells once of %s, whenever the host dies',
    async (_, [action, act]) => {
      for (let at = 0; ; at++) {
        const staged = await stage();
        const died = await dies(at, () => act(staged));
        const { items } = await test.services.audit.list(staged.id, { action, limit: 100 });
        expect([at, items.length]).toEqual([at, (await happened(staged, action)) ? 1 : 0]);
        if (action === 'system.disconnected') {
          const mails = (await test.mails(olga)).filter(({ subject }) => subject.includes('disconnected'));
          expect([at, mails.length]).toEqual([at, (await happened(staged, action)) ? 1 : 0]);
        }
        if (!died) return;
        await test.close();
        test = await TestServices.compose();
      }
    },
  );
});

it('whoever repeats an ending that nobody was told of tells of it before the reply', async () => {
  const share = await makeShare();
  const { store } = test.services;
  const create = store.create.bind(store);
  store.create = () => Promise.reject(new HostDied());
  await expect(test.services.shares.remove(share, actor)).rejects.toThrow(HostDied);
  store.create = create;
  test = await test.restart();
  await test.services.shares.remove(share, actor);
  expect(await told(share, 'share.revoked')).toHaveLength(1);
  await test.services.shares.remove(share, actor);
  expect(await told(share, 'share.revoked')).toHaveLength(1);
});
