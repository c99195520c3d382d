import type { Account } from '../../../shared/accounts/account.ts';
import { day, instant } from '../../../shared/clock.ts';
import type { ExistingChoice } from '../../../shared/policies/policies.ts';
import type { Policy } from '../../../shared/policies/policy.ts';
import type { Share } from '../../../shared/shares/share.ts';
import type { System } from '../../../shared/systems/system.ts';
import { shareWish, TestServices } from '../../support/services.ts';

const gateway = { kind: 'gateway', id: 'gw-1' } as const;

/** The policy of an organization, in the service: for what is shared, for what changes, and for what is there already. */
describe('the policy of an organization', () => {
  let test: TestServices;
  let owner: Account;
  let system: System;
  beforeEach(async () => {
    test = await TestServices.compose();
    owner = await test.account('olga@plant.example');
    ({ system } = await test.connect(owner));
  });
  afterEach(() => test.close());

  async function set(policy: Policy, existing: ExistingChoice = 'keep', by = owner) {
    const { organizations, policies } = test.services;
    const organization = await organizations.read(system.organizationId);
    if (!organization) throw new Error('no organization');
    const actor = { kind: 'account', id: by.id, label: by.email } as const;
    await policies.set(
      organization,
      { caller: { accountId: by.id, factors: ['code'] }, actor },
      policy,
      existing,
    );
  }

  const make = async (...recipients: string[]): Promise<Share> =>
    (await test.services.shares.create(system, gateway, shareWish(...recipients))).share;
  const stored = (share: Share) => test.services.shares.ofSystem(system.id, share.id);
  const inDays = (count: number) => instant(test.clock.now() + count * day);
  const refused = (...fields: string[]) => ({
    code: 'against-policy',
    errors: fields.map((field) => ({ field, detail: expect.any(String) as string })),
  });

  it('refuses a share that it does not allow, names each field, and makes nothing', async () => {
    await set({ emailDomains: ['partner.example'], longestShareDays: 7, sharers: ['Eve'] });
    const { shares } = test.services;
    const wish = { ...shareWish('bob@elsewhere.example'), expiresAt: inDays(8) };
    await expect(shares.create(system, gateway, wish)).rejects.toMatchObject(
      refused('recipients', 'expiresAt', 'sharedBy'),
    );
    expect((await shares.list(system.id, 10)).items).toEqual([]);
  });

  it('gives a share without an end the latest that is allowed', async () => {
    await set({ longestShareDays: 7 });
    expect((await make('ann@partner.example')).expiresAt).toBe(inDays(7));
  });

  it('holds for what is added and changed later, not for what was allowed before', async () => {
    const share = await make('bob@elsewhere.example');
    await set({ emailDomains: ['partner.example'], longestShareDays: 7 });
    const { shares } = test.services;
    const recipients = share.recipients.map(({ email }) => email);
    await shares.update(share, gateway, { message: 'Hello' });
    await shares.update(share, gateway, { recipients });
    const [eve] = shareWish('eve@elsewhere.example').recipients;
    await expect(
      shares.update(share, gateway, { recipients: eve ? [...recipients, eve] : recipients }),
    ).rejects.toMatchObject(refused('recipients'));
    await expect(shares.update(share, gateway, { expiresAt: inDays(8) })).rejects.toMatchObject(
      refused('expiresAt'),
    );
    await expect(shares.update(share, gateway, { expiresAt: null })).rejects.toMatchObject(
      refused('expiresAt'),
    );
    await shares.update(share, gateway, { expiresAt: inDays(6) });
  });

  it('gives what a repeated request made before, whatever the policy says since', async () => {
    const key = 'the-same-request-1';
    const { shares } = test.services;
    const { share } = await shares.create(system, gateway, shareWish('bob@elsewhere.example'), key);
    await set({ emailDomains: ['partner.example'] });
    const again = await shares.create(system, gateway, shareWish('bob@elsewhere.example'), key);
    expect([again.created, again.share.id]).toEqual([false, share.id]);
  });

  it('lists the open shares that it would not allow, and why', async () => {
    const foreign = await make('bob@elsewhere.example');
    await make('ann@partner.example');
    const ended = await make('eve@elsewhere.example');
    await test.services.shares.remove(ended, gateway);
    const { shares, more } = await test.services.policies.breaks(system.organizationId, {
      emailDomains: ['partner.example'],
    });
    expect(shares.map(({ share, faults }) => [share.id, faults.map(({ field }) => field)])).toEqual([
      [foreign.id, ['recipients']],
    ]);
    expect(more).toBe(false);
  });

  describe('does with the shares that were there what the owner decides', () => {
    const policy: Policy = { emailDomains: ['partner.example'], longestShareDays: 7 };
    let mixed: Share;
    let foreign: Share;
    let fitting: Share;
    beforeEach(async () => {
      mixed = await make('ann@partner.example', 'bob@elsewhere.example');
      foreign = await make('bob@elsewhere.example');
      const wish = { ...shareWish('ann@partner.example'), expiresAt: inDays(3) };
      fitting = (await test.services.shares.create(system, gateway, wish)).share;
    });

    it('keeps them', async () => {
      await set(policy, 'keep');
      for (const share of [mixed, foreign, fitting])
        expect(await stored(share)).toMatchObject({
          status: 'active',
          recipients: { length: share.recipients.length },
        });
    });

    it('ends them', async () => {
      await set(policy, 'end');
      expect(
        await Promise.all([mixed, foreign, fitting].map(async (share) => (await stored(share)).status)),
      ).toEqual(['ended', 'ended', 'active']);
    });

    it('brings them in line: foreign recipients go, ends come, and where nothing is left the share ends', async () => {
      await set(policy, 'adjust');
      expect(await stored(mixed)).toMatchObject({
        status: 'active',
        recipients: [{ email: 'ann@partner.example' }],
        expiresAt: inDays(7),
      });
      expect(await stored(foreign)).toMatchObject({ status: 'ended' });
      expect(await stored(fitting)).toMatchObject({ status: 'active', expiresAt: inDays(3) });
      expect((await test.services.policies.breaks(system.organizationId, policy)).shares).toEqual([]);
    });

    it('ends those whose time would be over, and those of people who may no longer share', async () => {
      test.clock.moveOn(8 * day);
      await set({ longestShareDays: 7 }, 'adjust');
      expect(await stored(mixed)).toMatchObject({ status: 'ended' });
      const late = await make('ann@partner.example');
      await set({ sharers: ['Eve'] }, 'adjust');
      expect(await stored(late)).toMatchObject({ status: 'ended' });
    });
  });

  it('is an owner’s to set, and the audit tells what was set (ASVS 4.1.3, 7.1.3)', async () => {
    const { organizationMembers, audit, organizations } = test.services;
    const admin = await test.account('adam@plant.example');
    const by = { accountId: owner.id, email: owner.email };
    await organizationMembers.invite(system.organizationId, by, { email: admin.email, role: 'admin' });
    await organizationMembers.accept(system.organizationId, { accountId: admin.id, email: admin.email });
    await expect(set({ longestShareDays: 7 }, 'end', admin)).rejects.toMatchObject({ code: 'forbidden' });
    expect((await organizations.read(system.organizationId))?.policy).toBeUndefined();
    await set({ longestShareDays: 7 });
    const { items } = await audit.list(system.organizationId, { limit: 1 });
    expect(items[0]).toMatchObject({
      action: 'setting.changed',
      actor: { label: 'olga@plant.example' },
      details: { longestShareDays: 7, emailDomains: 'any' },
    });
  });
});
