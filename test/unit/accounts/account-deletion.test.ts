import { accountSchema } from '../../../shared/accounts/account.ts';
import type { Visit } from '../../../shared/accounts/visit.ts';
import { day, minute } from '../../../shared/clock.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import { containerNames } from '../../../shared/store/document-store.ts';
import { expiry } from '../../../functions/expiry.ts';
import { dieAtWrite, HostDied } from '../../support/dying-store.ts';
import { shareWish, TestServices } from '../../support/services.ts';

const visit = { source: '192.0.2.1', browser: 'Firefox on Linux' } as Visit;
const ann = emailAddress('ann@guest.example');
const bob = emailAddress('bob@guest.example');
const gateway = { kind: 'gateway', id: 'gw-1' } as const;

let test: TestServices;
beforeEach(async () => (test = await TestServices.compose()));
afterEach(() => test.close());

/** Ann has a password, a provider, a browser, a place in an organization and a share. */
async function stage() {
  const olga = await test.account('olga@plant.example');
  const account = await test.account(ann);
  const { services } = test;
  const { system } = await test.connect(olga);
  const id = system.organizationId;
  const by = { accountId: olga.id, email: olga.email };
  await services.organizationMembers.invite(id, by, { email: ann, role: 'admin' });
  await services.organizationMembers.accept(id, { accountId: account.id, email: ann });
  const { share } = await services.shares.create(system, gateway, shareWish(ann, bob));
  await services.passwords.set(account, 'six herons over the weir', visit);
  for (const [one, other] of ['ab', 'ba'])
    await services.store.create('providerLinks', {
      ...{ id: one!, pk: one!, schemaVersion: 1, other, email: ann },
    });
  const { cookie } = await services.sessions.openPortal(account);
  return { account, organization: id, share, cookie };
}
type Stage = Awaited<ReturnType<typeof stage>>;

/** Every document that names the account or its address, but for audit trails and mailbox counts. */
async function traces({ account }: Stage): Promise<string[]> {
  const found: string[] = [];
  for (const container of containerNames.filter((name) => !['audit', 'throttles'].includes(name)))
    for await (const document of test.services.store.scan(container))
      if (JSON.stringify(document).includes(account.id) || JSON.stringify(document).includes(ann))
        found.push(`${container} ${document.id}`);
  return found;
}

const deletedIn = async ({ account }: Stage) =>
  (await test.services.audit.list('service', { action: 'account.deleted', limit: 10 })).items.filter(
    ({ actor }) => actor.id === account.id,
  );

it('takes everything with it: sessions, ways to sign in, memberships, shares; and tells owner and audit', async () => {
  const staged = await stage();
  const { services } = test;
  await services.accountDeletion.remove(staged.account, visit);
  expect(await traces(staged)).toEqual([`accounts ${staged.account.id}`]);
  expect(await services.sessions.portal(staged.cookie)).toBeUndefined();
  expect((await services.shares.ofSystem(staged.share.systemId, staged.share.id)).recipients).toMatchObject([
    { email: bob },
  ]);
  expect(await services.organizations.read(staged.organization)).toMatchObject({
    members: [{ role: 'owner' }],
  });
  const left = (await test.services.store.read('accounts', staged.account.id, staged.account.id))?.document;
  expect(JSON.stringify(left)).not.toContain(ann);
  expect(await deletedIn(staged)).toMatchObject([{ details: { from: '192.0.2.1' } }]);
  expect(JSON.stringify(await deletedIn(staged))).not.toContain(ann);
  for (const action of ['organization.member-left', 'share.recipient-left'] as const)
    expect((await services.audit.list(staged.organization, { action, limit: 10 })).items).toHaveLength(1);
  expect(
    (await test.mails(ann)).filter(({ subject }) => subject === 'Your account was deleted'),
  ).toHaveLength(1);
});

it('refuses while an organization would be without an owner, says which, and leaves everything as it is', async () => {
  const olga = await test.account('olga@plant.example');
  await test.connect(olga);
  const { services } = test;
  await expect(services.accountDeletion.remove(olga, visit)).rejects.toMatchObject({
    code: 'conflict',
    message: 'You are the only owner of Org north. Make someone else an owner there first, or delete it.',
  });
  expect(await services.organizations.of({ accountId: olga.id, factors: undefined })).toHaveLength(1);
  expect((await services.accounts.read(olga.id))?.document).toEqual(olga);
});

it('lets the address begin an empty account, with neither password nor organizations of the former one', async () => {
  const staged = await stage();
  const { services } = test;
  await services.accountDeletion.remove(staged.account, visit);
  test.clock.moveOn(minute);
  const again = await test.account(ann);
  expect(again).toMatchObject({ id: staged.account.id, email: ann });
  expect(again.createdAt > staged.account.createdAt).toBe(true);
  expect(await services.passwords.check(ann, 'six herons over the weir', visit)).toBeUndefined();
  expect(await services.organizations.of({ accountId: again.id, factors: undefined })).toEqual([]);
  expect(await services.shares.receivedBy(again.id)).toEqual([]);
});

it('is remembered by its id alone, for longer than any backup is kept, and then not at all', async () => {
  const staged = await stage();
  await test.services.accountDeletion.remove(staged.account, visit);
  test.clock.moveOn(360 * day);
  await expiry(test.services);
  expect(await traces(staged)).toEqual([`accounts ${staged.account.id}`]);
  test.clock.moveOn(10 * day);
  await expiry(test.services);
  expect(await traces(staged)).toEqual([]);
});

it('is finished by the expiry timer when the host dies at any write of it, and told of once', async () => {
  for (let at = 0; ; at++) {
    const staged = await stage();
    const count = dieAtWrite(test.services.store, at);
    const died = await test.services.accountDeletion.remove(staged.account, visit).then(
      () => false,
      (error: unknown) => {
        if (error instanceof HostDied) return true;
        throw error;
      },
    );
    expect(count.writes).toBeLessThan(60);
    test = await test.restart();
    test.clock.moveOn(2 * minute);
    const stored = await test.services.store.read('accounts', staged.account.id, staged.account.id);
    const begun = 'deletedAt' in (stored?.document ?? {});
    await expiry(test.services);
    await expiry(test.services);
    // Before the mark nothing is promised but that it can be asked for again.
    if (!begun) await test.services.accountDeletion.remove(staged.account, visit);
    expect([at, await traces(staged)]).toEqual([at, [`accounts ${staged.account.id}`]]);
    expect([at, (await deletedIn(staged)).length]).toEqual([at, 1]);
    const mails = (await test.mails(ann)).filter(({ subject }) => subject === 'Your account was deleted');
    expect([at, mails.length]).toEqual([at, 1]);
    const left = await test.services.store.read('accounts', staged.account.id, staged.account.id);
    expect(accountSchema.parse(left?.document)).not.toHaveProperty('unfinished');
    await test.close();
    test = await TestServices.compose();
    if (!died) return;
  }
}, 60_000);
