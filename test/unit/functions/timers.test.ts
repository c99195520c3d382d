import { backup } from '../../../functions/backup.ts';
import { expiry } from '../../../functions/expiry.ts';
import { health } from '../../../functions/health.ts';
import { invitationSweep } from '../../../functions/invitation-sweep.ts';
import { newestBackup } from '../../../shared/backup/backup-list.ts';
import { verifyBackup } from '../../../shared/backup/backup-read.ts';
import { verifyChain } from '../../../shared/audit/verify-chain.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import type { ContainerName } from '../../../shared/store/document-store.ts';
import { listOf } from '../../support/list-of.ts';
import { shareWish, TestServices } from '../../support/services.ts';

let test: TestServices;
const actor = { kind: 'gateway', id: 'gw-1' } as const;
const day = 24 * 3600_000;
const ann = emailAddress('ann@guest.example');

beforeEach(async () => (test = await TestServices.compose()));
afterEach(() => test.close());

async function count(container: ContainerName): Promise<number> {
  let found = 0;
  for await (const _ of test.services.store.scan(container)) found++;
  return found;
}

describe('the backup timer', () => {
  it('makes a whole backup that verifies, notes it in the audit, and health tells when', async () => {
    const { system } = await test.connect(await test.account('olga@plant.example'));
    await test.services.shares.create(system, actor, shareWish(ann));
    await backup(test.services);
    const newest = await newestBackup(test.services.blobs);
    expect(newest).toBeDefined();
    const manifest = await verifyBackup(newest?.id ?? '', test.services);
    const documents = (container: ContainerName) =>
      manifest.files.find((file) => file.container === container)?.documents;
    expect([documents('shares'), documents('systems'), documents('gateways')]).toEqual([1, 1, 1]);
    const { items } = await test.services.audit.list('service', { limit: 10, action: 'backup.made' });
    expect(items).toHaveLength(1);

    const response = await health(test.services, {} as never, {} as never);
    expect(JSON.parse(response.body as string)).toMatchObject({ lastBackup: { id: newest?.id } });
  });
});

describe('the expiry timer', () => {
  it('ends expired shares and forgets what expired a day ago, twice at once without harm', async () => {
    const { system } = await test.connect(await test.account('olga@plant.example'));
    const wish = { ...shareWish(ann), expiresAt: new Date(test.clock.now() + day).toISOString() };
    const { share } = await test.services.shares.create(system, actor, wish);
    await test.services.signIn.begin(ann, { source: '192.0.2.1' });
    test.clock.moveOn(3 * day);
    await Promise.all([expiry(test.services), expiry(test.services)]);
    expect((await test.services.shares.ofSystem(system.id, share.id)).status).toBe('ended');
    expect(await count('challenges')).toBe(0);
    expect(await count('deviceGrants')).toBe(0);
    const { items } = await test.services.audit.list(system.organizationId, {
      limit: 50,
      action: 'share.expired',
    });
    expect(items).toHaveLength(1);
  });

  it('forgets audit entries older than they are kept, some in each run, and the rest still verifies', async () => {
    const event = { organizationId: 'org', actor, action: 'share.opened' } as const;
    for (let n = 0; n < 620; n++) await test.services.audit.append(event);
    test.clock.moveOn(200 * day);
    await test.services.audit.append(event);
    test.clock.moveOn(202 * day);
    const left = async () => listOf(test.services.audit.all('org'));
    await expiry(test.services);
    expect(verifyChain(await left())).toMatchObject({ sound: true, first: 501 });
    await Promise.all([expiry(test.services), expiry(test.services)]);
    const entries = await left();
    expect(verifyChain(entries)).toMatchObject({ sound: true, first: 621 });
    await expiry(test.services);
    expect(await left()).toEqual(entries);
  });

  it('tells owners once, and of all systems together, that some have not renewed for three days', async () => {
    const olga = await test.account('olga@plant.example');
    const { system } = await test.connect(olga);
    for (const name of ['south', 'east']) await test.connectTo(olga, system.organizationId, name);
    const { credentials } = await test.connectTo(olga, system.organizationId, 'west');
    const told = async () =>
      (await test.mails(olga.email)).filter(({ subject }) => subject.includes('not been heard of'));
    test.clock.moveOn(2 * day);
    const held = await test.services.credentials.renew(credentials.refreshKey);
    await expiry(test.services);
    expect(await told()).toEqual([]);
    test.clock.moveOn(2 * day);
    await Promise.all([expiry(test.services), expiry(test.services)]);
    await expiry(test.services);
    expect(await told()).toMatchObject([{ subject: '3 systems have not been heard of for three days' }]);
    test.clock.moveOn(day);
    await test.services.credentials.renew(held.refreshKey);
    for (let days = 0; days < 3; days++) {
      await expiry(test.services);
      test.clock.moveOn(day);
    }
    expect(await told()).toHaveLength(1);
    test.clock.moveOn(day);
    await expiry(test.services);
    expect((await told()).map(({ subject }) => subject)).toContain(
      'west has not been heard of for three days',
    );
    expect(await told()).toHaveLength(2);
  });

  it('is silent about systems that were disconnected, and about one whose other gateway renews', async () => {
    const olga = await test.account('olga@plant.example');
    const { system } = await test.connect(olga);
    const other = await test.addGateway(olga, system);
    const gone = await test.connectTo(olga, system.organizationId, 'south');
    await test.services.systems.disconnect(gone.system, actor);
    test.clock.moveOn(2 * day);
    await test.services.credentials.renew(other.refreshKey);
    test.clock.moveOn(2 * day);
    await expiry(test.services);
    const subjects = (await test.mails(olga.email)).map(({ subject }) => subject);
    expect(subjects.filter((subject) => subject.includes('not been heard of'))).toEqual([]);
  });

  it('finishes a disconnect that a crash left half done', async () => {
    const { system, credentials } = await test.connect(await test.account('olga@plant.example'));
    const { share } = await test.services.shares.create(system, actor, shareWish(ann));
    const stored = await test.services.store.read('systems', system.id, system.id);
    if (!stored) throw new Error('no system');
    await test.services.store.replace('systems', { ...system, state: 'disconnecting' } as never, stored.etag);
    await expect(test.services.systems.authenticate(credentials.accessToken)).rejects.toMatchObject({
      code: 'unauthorized',
    });
    await expiry(test.services);
    expect((await test.services.systems.read(system.id))?.state).toBe('disconnected');
    expect((await test.services.shares.ofSystem(system.id, share.id)).status).toBe('ended');
    await expect(test.services.credentials.renew(credentials.refreshKey)).rejects.toMatchObject({
      failure: 'system_deleted',
    });
  });
});

describe('the invitation sweep', () => {
  it('sends what the share could not send at once', async () => {
    const { system } = await test.connect(await test.account('olga@plant.example'));
    await test.services.shares.create(system, actor, shareWish(ann));
    expect(await test.mails(ann)).toEqual([]);
    await invitationSweep(test.services);
    await invitationSweep(test.services);
    expect(await test.mails(ann)).toHaveLength(1);
  });
});
