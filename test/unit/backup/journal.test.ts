import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { health } from '../../../functions/health.ts';
import { journalBlobs } from '../../../shared/backup/journal-blob.ts';
import { readJournal } from '../../../shared/backup/journal-read.ts';
import { createJournal } from '../../../shared/backup/journal.ts';
import { makeBackup } from '../../../shared/backup/backup.ts';
import { planRestore, restore } from '../../../shared/backup/restore.ts';
import { day, hour, minute, second } from '../../../shared/clock.ts';
import type { Visit } from '../../../shared/accounts/visit.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import { silentLog } from '../../../shared/log.ts';
import { systemRandom } from '../../../shared/system-clock.ts';
import { shareWish, TestServices } from '../../support/services.ts';
import { totpAt } from '../../support/totp.ts';

let test: TestServices;
const actor = { kind: 'gateway', id: 'gw-1' } as const;
const visit = { source: '192.0.2.1', browser: 'Firefox on Linux' } as Visit;
const people = ['ann', 'bob', 'cat'].map((name) => emailAddress(`${name}@guest.example`));
const [ann, bob] = people as [(typeof people)[0], (typeof people)[0]];

beforeEach(async () => (test = await TestServices.compose()));
afterEach(() => test.close());

const backUp = async () => {
  const manifest = await makeBackup(test.services);
  test.clock.moveOn(minute);
  return manifest;
};
type Manifest = Awaited<ReturnType<typeof backUp>>;

async function restoreLost({ id, startedAt }: Manifest, journal = true): Promise<void> {
  test = await test.loseDocuments();
  const { lastKnown } = await readJournal(test.services, startedAt);
  const options = {
    from: id,
    source: test.services,
    into: test.services.store,
    clock: test.clock,
    ...(journal && { lastKnown }),
  };
  const plan = await planRestore(options);
  const { containers } = await restore(options, plan);
  // What is said before is what then happens, to the document.
  expect(containers).toEqual(plan.containers);
}

const actingOf = ({ id, email }: Awaited<ReturnType<TestServices['account']>>) => ({ accountId: id, email });

it('keeps what was revoked, ended, spent and deleted after the backup from coming back to an empty store', async () => {
  const olga = await test.account('olga@plant.example');
  const otto = await test.account('otto@plant.example');
  const { system, credentials } = await test.connect(olga);
  const { services } = test;
  const make = async () => (await services.shares.create(system, actor, shareWish(ann, bob))).share;
  const [ended, narrowed, left, untouched] = [await make(), await make(), await make(), await make()];
  const south = await test.connect(await test.account('otto@mill.example'), 'south');
  const theirs = (await services.shares.create(south.system, actor, shareWish(ann))).share;
  const org = system.organizationId;
  await services.organizationMembers.invite(org, actingOf(olga), { email: otto.email, role: 'admin' });
  await services.organizationMembers.accept(org, actingOf(otto));
  await services.passwords.set(olga, 'six herons over the weir', visit);
  const enrolment = await services.secondFactors.enrol(olga);
  const codes = await services.secondFactors.confirm(
    olga,
    enrolment.sealed,
    totpAt(enrolment.secret, test.clock.now()),
    visit,
  );
  const [code = '', second = ''] = codes ?? [];
  await services.sessions.openPortal(olga);
  const manifest = await backUp();

  await services.shares.remove(ended, actor);
  await services.shares.update(narrowed, actor, { recipients: [bob] });
  await services.shares.leave(left.id, (await test.account(bob)).id, bob);
  await services.systems.disconnect(south.system, actor);
  await services.organizationMembers.remove(org, actingOf(olga), otto.email);
  await services.passwords.remove(olga, visit);
  expect(await services.secondFactors.check(olga, code, visit)).toBe('recovery-code');
  const renewed = await services.credentials.renew(credentials.refreshKey);
  await services.credentials.authenticate(renewed.accessToken);
  await services.accountDeletion.remove(otto, visit);

  await restoreLost(manifest);
  const after = test.services;
  const restored = async (id: string) =>
    (await after.store.read('shares', id, id))?.document as unknown as typeof ended;
  expect((await restored(ended.id)).status).toBe('ended');
  expect((await restored(theirs.id)).status).toBe('ended');
  expect((await restored(narrowed.id)).recipients.map(({ email }) => email)).toEqual([bob]);
  expect((await restored(left.id)).recipients.map(({ email }) => email)).toEqual([ann]);
  expect(await restored(untouched.id)).toMatchObject({
    status: 'paused',
    heldSince: expect.any(String) as string,
  });
  expect((await after.systems.read(south.system.id))?.state).toBe('disconnected');
  await expect(after.credentials.renew(south.credentials.refreshKey)).rejects.toMatchObject({
    failure: 'system_deleted',
  });
  await expect(
    after.organizations.forMember(org, { accountId: otto.id, factors: undefined }),
  ).rejects.toMatchObject({ code: 'not-found' });
  expect((await after.accounts.read(otto.id))?.document).toHaveProperty('deletedAt');
  expect(await after.passwords.changedAt(olga.id)).toBeUndefined();
  expect(await after.secondFactors.check(olga, code, visit)).toBeUndefined();
  expect(await after.secondFactors.check(olga, second, visit)).toBe('recovery-code');

  // The gateway goes on with what it holds; a copy of the spent key is found out.
  const holder = await after.credentials.renew(renewed.refreshKey);
  expect(await after.credentials.authenticate(holder.accessToken)).toBeDefined();
  await expect(after.credentials.renew(credentials.refreshKey)).rejects.toMatchObject({ failure: 'reused' });
});

it('tells what was revoked even to the restore of an older backup, after it was put together', async () => {
  const { system } = await test.connect(await test.account('olga@plant.example'));
  const shares = [];
  for (let n = 0; n < 3; n++)
    shares.push((await test.services.shares.create(system, actor, shareWish(ann, bob))).share);
  const manifest = await backUp();
  for (const share of shares) {
    await test.services.shares.update(share, actor, { recipients: [ann] });
    test.clock.moveOn(hour);
    await test.services.shares.remove(share, actor);
  }
  const before = await journalBlobs(test.services.blobs);
  expect(before.length).toBeGreaterThan(4);
  await test.services.journal.compact(test.clock.now() + 1);
  expect(await journalBlobs(test.services.blobs)).toHaveLength(1);
  await restoreLost(manifest);
  const { items } = await test.services.shares.list(system.id, 10);
  expect(items.map(({ status }) => status)).toEqual(['ended', 'ended', 'ended']);
  test.clock.moveOn(91 * day);
  await test.services.journal.compact(test.clock.now());
  expect(await journalBlobs(test.services.blobs)).toEqual([]);
});

it('holds nothing that a copy of the folder would tell', async () => {
  const { system } = await test.connect(await test.account('olga@plant.example'));
  const { share } = await test.services.shares.create(system, actor, shareWish(ann, bob));
  await test.services.shares.update(share, actor, { recipients: [ann] });
  const names = await journalBlobs(test.services.blobs);
  for (const name of names) {
    const text = await readFile(join(test.dataDir, 'backups', name), 'utf8');
    expect(text).not.toContain(Buffer.from('guest.example').toString('base64').slice(2, -4));
    expect(text).not.toContain('guest.example');
  }
  expect(names.length).toBeGreaterThan(0);
});

it('says how much of it cannot be read, and goes on with the rest', async () => {
  const { system } = await test.connect(await test.account('olga@plant.example'));
  const make = async () => (await test.services.shares.create(system, actor, shareWish(ann))).share;
  const [first, second] = [await make(), await make()];
  const { startedAt } = await backUp();
  await test.services.shares.remove(first, actor);
  const known = new Set(await journalBlobs(test.services.blobs));
  test.clock.moveOn(minute);
  await test.services.shares.remove(second, actor);
  for (const name of await journalBlobs(test.services.blobs))
    if (!known.has(name)) await writeFile(join(test.dataDir, 'backups', name), '{}');
  const journal = await readJournal(test.services, startedAt);
  expect(journal.unreadable).toBe(1);
  expect(journal.lastKnown('shares', first)).toMatchObject({ status: 'ended' });
});

it('never keeps a revocation from happening; what could not be noted is noted later, and health says so', async () => {
  const { system } = await test.connect(await test.account('olga@plant.example'));
  const { share } = await test.services.shares.create(system, actor, shareWish(ann));
  await test.services.journal.flush();
  const { startedAt } = await backUp();
  const { blobs } = test.services;
  const write = blobs.write.bind(blobs);
  blobs.write = () => Promise.reject(new Error('no space'));
  await test.services.shares.remove(share, actor);
  expect((await test.services.shares.ofSystem(system.id, share.id)).status).toBe('ended');
  const dependencies = async () =>
    (
      JSON.parse((await health(test.services, {} as never, {} as never)).body as string) as {
        dependencies: Record<string, string>;
      }
    ).dependencies['journal'];
  expect(await dependencies()).toBe('ready');
  test.clock.moveOn(2 * minute);
  expect(await dependencies()).toBe('failing');
  blobs.write = write;
  await test.services.journal.flush();
  // Who asks within a moment is told the same again.
  test.clock.moveOn(2 * second);
  expect(await dependencies()).toBe('ready');
  expect((await readJournal(test.services, startedAt)).lastKnown('shares', share)).toMatchObject({
    status: 'ended',
  });
});

it('takes a note that something is over for the last word, in whatever order hosts noted', async () => {
  const journals = [0, -5].map((skew) =>
    createJournal({
      ...test.services,
      clock: { now: () => test.clock.now() + skew * second },
      random: systemRandom,
      log: silentLog,
    }).of('shares'),
  );
  const { system } = await test.connect(await test.account('olga@plant.example'));
  const { share } = await test.services.shares.create(system, actor, shareWish(ann, bob));
  const startedAt = new Date(test.clock.now() - hour).toISOString() as never;
  await journals[1]?.wrote(share, share, { ...share, status: 'ended' });
  await journals[0]?.wrote(share, share, { ...share, recipients: share.recipients.slice(1) });
  expect((await readJournal(test.services, startedAt)).lastKnown('shares', share)).toMatchObject({
    status: 'ended',
  });
});

type Act =
  | { readonly kind: 'end' | 'narrow' | 'pause' | 'leave'; readonly share: number; readonly who: number }
  | { readonly kind: 'disconnect' | 'renew'; readonly system: number }
  | { readonly kind: 'back up' };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('end' as const, 'narrow' as const, 'pause' as const, 'leave' as const),
    share: fc.nat(3),
    who: fc.nat(2),
  }),
  fc.record({ kind: fc.constantFrom('disconnect' as const, 'renew' as const), system: fc.nat(1) }),
  fc.constant({ kind: 'back up' as const }),
);

it.each([true, false])(
  'nothing revoked is open, nothing spent is accepted, nobody is locked out, whatever happened when (store there: %s)',
  async (there) => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 10 }), async (acts) => {
        await test.close();
        test = await TestServices.compose();
        const sites = [];
        for (const name of ['north', 'south']) {
          const { system, credentials } = await test.connect(
            await test.account(`${name}@plant.example`),
            name,
          );
          const shares = [];
          for (let n = 0; n < 2; n++)
            shares.push((await test.services.shares.create(system, actor, shareWish(...people))).share);
          sites.push({
            system,
            shares,
            held: credentials.refreshKey,
            spent: [] as string[],
            connected: true,
          });
        }
        let backup = await backUp();
        for (const each of acts) {
          const { services } = test;
          test.clock.moveOn(minute);
          if (each.kind === 'back up') backup = await backUp();
          else if ('system' in each) {
            const site = sites[each.system]!;
            if (!site.connected) continue;
            if (each.kind === 'disconnect') {
              await services.systems.disconnect(site.system, actor);
              site.connected = false;
            } else {
              const next = await services.credentials.renew(site.held);
              await services.credentials.authenticate(next.accessToken);
              site.spent.push(site.held);
              site.held = next.refreshKey;
            }
          } else {
            const site = sites[each.share % 2]!;
            const share = await services.shares.ofSystem(site.system.id, site.shares[each.share >> 1]!.id);
            if (share.status === 'ended') continue;
            const who = people[each.who]!;
            const rest = share.recipients.map(({ email }) => email).filter((email) => email !== who);
            if (each.kind === 'end') await services.shares.remove(share, actor);
            else if (each.kind === 'pause') await services.shares.update(share, actor, { status: 'paused' });
            else if (rest.length === share.recipients.length || rest.length === 0) continue;
            else if (each.kind === 'narrow') await services.shares.update(share, actor, { recipients: rest });
            else await services.shares.leave(share.id, (await test.account(who)).id, who);
          }
        }
        const truth = new Map();
        for (const { shares } of sites)
          for (const { id } of shares)
            truth.set(id, (await test.services.store.read('shares', id, id))?.document);
        if (there)
          await restore({
            from: backup.id,
            source: test.services,
            into: test.services.store,
            clock: test.clock,
          });
        else await restoreLost(backup);

        const { services } = test;
        for (const { system, shares, held, spent, connected } of sites) {
          for (const { id } of shares) {
            const now = await services.shares.ofSystem(system.id, id);
            const then = truth.get(id) as typeof now;
            if (!there) expect(now.status).not.toBe('active');
            if (then.status === 'ended') expect(now.status).toBe('ended');
            const allowed = then.recipients.map(({ email }) => email);
            expect(
              now.recipients.map(({ email }) => email).filter((email) => !allowed.includes(email)),
            ).toEqual([]);
          }
          if (!connected) {
            expect((await services.systems.read(system.id))?.state).toBe('disconnected');
            await expect(services.credentials.renew(held)).rejects.toMatchObject({
              failure: 'system_deleted',
            });
            continue;
          }
          const next = await services.credentials.renew(held);
          expect(await services.credentials.authenticate(next.accessToken)).toBeDefined();
          for (const key of spent) await expect(services.credentials.renew(key)).rejects.toBeDefined();
        }
      }),
      { numRuns: 6 },
    );
  },
  120_000,
);
