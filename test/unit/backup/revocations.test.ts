import { emailAddress } from '../../../shared/email/email-address.ts';
import { hour } from '../../../shared/clock.ts';
import { forgottenRevocations } from '../../../shared/backup/revocations.ts';
import { folderBlobs } from '../../../shared/blobs/folder-blobs.ts';
import type { ContainerName, Document } from '../../../shared/store/document-store.ts';
import { shareWish, TestServices } from '../../support/services.ts';

const gateway = { kind: 'gateway', id: 'gw-1' } as const;
const ann = emailAddress('ann@guest.example');
const bob = emailAddress('bob@guest.example');

let test: TestServices;
beforeEach(async () => (test = await TestServices.compose()));
afterEach(() => test.close());

const look = async (apply = false) => {
  const since = test.clock.now() - hour;
  const found: string[] = [];
  for await (const each of forgottenRevocations(test.services.store, test.services, { since, apply }))
    found.push(
      each.kind === 'unreadable'
        ? each.kind
        : `${each.container} ${each.kind}${each.applied ? ' applied' : ''}`,
    );
  return found;
};

/** What a failover does to a document whose last writes had not reached the second region. */
async function forget(
  container: ContainerName,
  { id, pk }: Pick<Document, 'id' | 'pk'>,
  write: () => Promise<unknown>,
): Promise<void> {
  const { store } = test.services;
  const before = await store.read(container, pk, id);
  await write();
  const after = await store.read(container, pk, id);
  if (!before) throw new Error('It was not there.');
  if (after) await store.replace(container, before.document, after.etag);
  else await store.create(container, before.document);
}

async function stage() {
  const olga = await test.account('olga@plant.example');
  const { system } = await test.connect(olga);
  const { share } = await test.services.shares.create(system, gateway, shareWish(ann, bob));
  return { olga, system, share };
}

it('finds nothing where nothing was forgotten', async () => {
  const { share, system } = await stage();
  await test.services.shares.update(share, gateway, { recipients: [bob] });
  await test.services.shares.remove(share, gateway);
  await test.services.systems.disconnect(system, gateway);
  expect(await look()).toEqual([]);
});

it('ends again what a failover brought back to life, and only when told', async () => {
  const { share, olga } = await stage();
  const { shareAccess, sessions, store, shares } = test.services;
  await forget('shares', share, () => shares.remove(share, gateway));
  const { session } = await sessions.openPortal(await test.account(ann));
  expect((await shareAccess.checkAtPortal(share.id, session)).kind).toBe('open');
  expect(await look()).toEqual(['shares ended']);
  expect((await shareAccess.checkAtPortal(share.id, session)).kind).toBe('open');

  expect(await look(true)).toEqual(['shares ended applied']);
  expect((await shareAccess.checkAtPortal(share.id, session)).kind).toBe('closed');
  expect(await look(true)).toEqual([]);
  expect((await store.read('accounts', olga.id, olga.id))?.document).toBeDefined();
});

it('ends a system and its gateways again', async () => {
  const { system } = await stage();
  const { store, systems } = test.services;
  await forget('systems', system, () => systems.disconnect(system, gateway));
  expect(await look(true)).toEqual(['systems ended applied']);
  expect((await store.read('systems', system.pk, system.id))?.document).toMatchObject({
    state: 'disconnected',
  });
});

it('only names what a person has to decide: a recipient who was removed, an account that was deleted', async () => {
  const { share } = await stage();
  const { shares, store } = test.services;
  await forget('shares', share, () => shares.update(share, gateway, { recipients: [bob] }));
  expect(await look(true)).toEqual(['shares changed']);
  expect((await store.read('shares', share.pk, share.id))?.document).toMatchObject({
    recipients: [{ email: ann }, { email: bob }],
  });
});

it('leaves alone what was noted before the time that is asked for, and says what it could not read', async () => {
  const { share } = await stage();
  await forget('shares', share, () => test.services.shares.remove(share, gateway));
  test.clock.moveOn(3 * hour);
  expect(await look(true)).toEqual([]);
  const { blobs } = test.services;
  for await (const { name } of folderBlobs({ folder: `${test.dataDir}/backups` }).list('journal/'))
    await blobs.write(
      name,
      (async function* () {
        yield Buffer.from('{}');
      })(),
    );
  test.clock.moveOn(-3 * hour);
  expect(await look()).toEqual(['unreadable']);
});
