import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from '../../../shared/accounts/account.ts';
import type { Visit } from '../../../shared/accounts/visit.ts';
import { makeBackup } from '../../../shared/backup/backup.ts';
import { readJournal } from '../../../shared/backup/journal-read.ts';
import { restore } from '../../../shared/backup/restore.ts';
import { hour } from '../../../shared/clock.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import { shareWish, TestServices } from '../../support/services.ts';

const gateway = { kind: 'gateway', id: 'gw-1' } as const;
const visit = { source: '192.0.2.1', browser: 'Firefox on Linux' } as Visit;
const ann = emailAddress('ann@guest.example');
const bob = emailAddress('bob@guest.example');
const otto = emailAddress('otto@plant.example');
const password = 'six herons over the weir';

let test: TestServices;
beforeEach(async () => (test = await TestServices.compose()));
afterEach(() => test.close());

async function stage() {
  const olga = await test.account('olga@plant.example');
  const { services } = test;
  const { system, credentials } = await test.connect(olga);
  const second = await test.addGateway(olga, system);
  const by = { accountId: olga.id, email: olga.email };
  const joining = await test.account(otto);
  await services.organizationMembers.invite(system.organizationId, by, { email: otto, role: 'admin' });
  await services.organizationMembers.accept(system.organizationId, { accountId: joining.id, email: otto });
  const { share } = await services.shares.create(system, gateway, shareWish(ann, bob));
  await services.passwords.set(await test.account(ann), password, visit);
  return { olga, by, system, credentials, second, share, guest: await test.account(ann) };
}
type Stage = Awaited<ReturnType<typeof stage>>;

const mayOpen = async ({ share }: Stage, account: Pick<Account, 'id' | 'email'>): Promise<boolean> => {
  const { session } = await test.services.sessions.openPortal(account);
  return (await test.services.shareAccess.checkAtPortal(share.id, session)).kind === 'open';
};
const mayRenew = async (key: string): Promise<boolean> =>
  test.services.credentials.renew(key).then(
    () => true,
    () => false,
  );

interface Case {
  readonly revoke: (stage: Stage) => Promise<unknown>;
  /** Whether what is revoked works: it does before, and never again. */
  readonly works: (stage: Stage) => Promise<boolean>;
}

const cases: Readonly<Record<string, Case>> = {
  'a revoked share': {
    revoke: ({ share }) => test.services.shares.remove(share, gateway),
    works: (staged) => mayOpen(staged, staged.guest),
  },
  'a removed recipient': {
    revoke: ({ share }) => test.services.shares.update(share, gateway, { recipients: [bob] }),
    works: (staged) => mayOpen(staged, staged.guest),
  },
  'a disconnected system': {
    revoke: ({ system }) => test.services.systems.disconnect(system, gateway),
    works: async (staged) =>
      (await test.services.systems.read(staged.system.id))?.state === 'connected' ||
      (await mayOpen(staged, staged.guest)),
  },
  'a key of a disconnected system': {
    revoke: ({ system }) => test.services.systems.disconnect(system, gateway),
    works: ({ credentials }) => mayRenew(credentials.refreshKey),
  },
  'a deleted account': {
    revoke: ({ guest }) => test.services.accountDeletion.remove(guest, visit),
    works: async (staged) => {
      const stored = (await test.services.accounts.read(staged.guest.id))?.document;
      return (stored !== undefined && 'email' in stored) || (await mayOpen(staged, staged.guest));
    },
  },
  'the password of a deleted account, whose address has begun a new one': {
    revoke: async ({ guest }) => {
      await test.services.accountDeletion.remove(guest, visit);
      test.clock.moveOn(hour);
      await test.account(ann);
    },
    works: async () => (await test.services.passwords.check(ann, password, visit)) !== undefined,
  },
  'a spent key': {
    revoke: async ({ credentials }) => {
      const next = await test.services.credentials.renew(credentials.refreshKey);
      await test.services.credentials.authenticate(next.accessToken);
      const newest = await test.services.credentials.renew(next.refreshKey);
      await test.services.credentials.authenticate(newest.accessToken);
      await test.services.journal.flush();
    },
    works: ({ credentials }) => mayRenew(credentials.refreshKey),
  },
  'a removed gateway': {
    revoke: ({ system, second }) => test.services.systems.removeGateway(system, second.gateway.id, gateway),
    works: ({ second }) => mayRenew(second.refreshKey),
  },
  'a removed member': {
    revoke: ({ system, by }) => test.services.organizationMembers.remove(system.organizationId, by, otto),
    works: async () => {
      const { id: accountId } = await test.account(otto);
      return (await test.services.organizations.of({ accountId, factors: undefined })).length > 0;
    },
  },
};

const worlds = {
  'the live store is there': { lost: false, journal: true },
  'the live store is there, and the journal is not': { lost: false, journal: false },
  'the live store is lost': { lost: true, journal: true },
} as const;

const table = Object.entries(worlds).flatMap(([world, how]) =>
  Object.entries(cases).map(([what, each]) => ({ what, world, ...how, ...each })),
);

it.each(table)('a restore never brings back $what when $world', async ({ lost, journal, revoke, works }) => {
  const before = await stage();
  expect(await works(before)).toBe(true);
  // The look at a key spends it, so there is another one to revoke.
  await test.close();
  test = await TestServices.compose();
  const staged = await stage();
  const { id, startedAt } = await makeBackup(test.services);
  test.clock.moveOn(hour);
  await revoke(staged);
  if (lost) test = await test.loseDocuments();
  if (!journal) await rm(join(test.dataDir, 'backups', 'journal'), { recursive: true });
  const { services } = test;
  const { lastKnown } = await readJournal(services, startedAt);
  await restore({ from: id, source: services, into: services.store, clock: test.clock, lastKnown });
  // What is held must not be what hides it.
  const system = await services.systems.read(staged.system.id);
  if (system) await services.heldShares.confirm(system, { kind: 'account', id: staged.olga.id });
  expect(await works(staged)).toBe(false);
});

it('what was not revoked works again, once an owner confirms it, when the live store is lost', async () => {
  const staged = await stage();
  const { id, startedAt } = await makeBackup(test.services);
  test = await test.loseDocuments();
  const { services } = test;
  const { lastKnown } = await readJournal(services, startedAt);
  await restore({ from: id, source: services, into: services.store, clock: test.clock, lastKnown });
  expect(await mayOpen(staged, staged.guest)).toBe(false);
  await services.heldShares.confirm((await services.systems.read(staged.system.id))!, gateway);
  for (const [name, { works }] of Object.entries(cases)) {
    // A look at a key spends it: one look at the first gateway's is enough.
    if (name === 'a key of a disconnected system') continue;
    expect([name, await works(staged)]).toEqual([name, true]);
  }
});
