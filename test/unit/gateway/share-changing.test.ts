import { noUsersAdapter } from '../../../gateway/adapters/no-users-adapter.ts';
import type { ShareChange, ShareOrder, SharedDashboard } from '../../../gateway/service-client.ts';
import { createSeal } from '../../../gateway/shares/seal.ts';
import { adoptShares } from '../../../gateway/shares/share-adopting.ts';
import { changeShare, followChanges, offeredChange } from '../../../gateway/shares/share-changing.ts';
import { makeShare } from '../../../gateway/shares/share-making.ts';
import type { ShareParts } from '../../../gateway/shares/share-parts.ts';
import { shareRecordFiles } from '../../../gateway/shares/share-records.ts';
import { credentialsSchema } from '../../../gateway/state/credentials.ts';
import { credentialsFile } from '../../../gateway/state/credentials-store.ts';
import { folderLocks } from '../../../gateway/state/folder-lock.ts';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { explicitAllowlist } from '../../../shared/allowlist/explicit.ts';
import { allowlistSchema, type Allowlist } from '../../../shared/allowlist/rule.ts';
import { sha256 } from '../../../shared/identifier.ts';
import { jsonLines } from '../../../shared/log.ts';
import { systemRandom } from '../../../shared/system-clock.ts';
import { credentialsOf } from './gateway-process.ts';
import { stillTime } from './still-time.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

const narrow = explicitAllowlist([{ path: '/north' }]);
const wide = explicitAllowlist([{ path: '/north' }, { path: '/api/users' }]);
const other = explicitAllowlist([{ path: '/north' }, { path: '/legend' }]);
const idOf = (allowlist: Allowlist) => sha256(JSON.stringify(allowlistSchema.parse(allowlist)));
const dashboard = { id: 'north', title: 'North', entryPath: '/north', items: ['101'] };
const wish = { dashboard, recipients: ['ann@guest.example'], allowlist: narrow, sharedBy: 'Olga' };

/** A service that keeps one share as ours does, or lies where a test makes it. */
class KeptShare {
  accepted: Allowlist = narrow;
  offered: Allowlist | undefined;
  sealed: string | undefined;
  dashboard = dashboard;
  failUpdates = false;

  readonly service: ShareParts['service'] = {
    createShare: async (order: ShareOrder) => {
      this.accepted = allowlistSchema.parse(order.allowlist);
      this.sealed = order.sealed;
      return this.view();
    },
    shares: async () => [this.view()],
    share: async () => this.view(),
    shareRecord: async () => ({
      sealed: this.sealed,
      dashboard: this.dashboard,
      allowlist: this.accepted,
    }),
    allowlist: async () => {
      const allowlist = this.offered ?? this.accepted;
      return { id: idOf(allowlist), allowlist };
    },
    updateShare: async (_id: string, { allowlist, sealed, dashboard: changed }: ShareChange) => {
      if (this.failUpdates) throw new Error('no answer');
      this.accepted = allowlist;
      this.offered = undefined;
      this.sealed = sealed ?? this.sealed;
      this.dashboard = { ...this.dashboard, ...changed };
      return this.view();
    },
    deleteShare: async () => true,
  };

  view(): SharedDashboard {
    return {
      id: 'north-1',
      url: 'https://north-1.shares.example/',
      status: 'active',
      dashboard: this.dashboard,
      recipients: [],
      createdAt: '2026-03-01T12:00:00.000Z',
      allowlistId: idOf(this.offered ?? this.accepted),
      ...(this.offered && { gatewayAllowlistId: idOf(this.accepted) }),
    };
  }
}

describe('a share that changes', () => {
  let kept: KeptShare;
  let logged: string[];
  let folder: string;
  let parts: ShareParts;
  const time = stillTime();

  async function gatewayIn(state: string): Promise<ShareParts> {
    const locks = folderLocks(state, time.timer);
    const credentials = credentialsFile(state, locks);
    await credentials.write(credentialsSchema.parse(credentialsOf('https://service.example', {})));
    return {
      records: shareRecordFiles(state),
      locks,
      service: kept.service,
      credentials,
      adapter: noUsersAdapter,
      seal: createSeal(state, systemRandom),
      clock: time.clock,
      random: systemRandom,
      acceptPortalAdmissions: false,
      policy: async () => ({}),
      log: jsonLines(
        (line) => logged.push(line),
        () => '',
      ),
    };
  }
  const enforced = async (of = parts) => {
    const record = await of.records.read('north-1');
    return record && idOf(record.allowlist);
  };
  const follow = (of = parts) => followChanges(of, [kept.view()]);

  beforeEach(async () => {
    kept = new KeptShare();
    logged = [];
    folder = await temporaryFolder();
    parts = await gatewayIn(folder);
    await makeShare(parts, wish);
  });
  afterEach(removeFolders);

  it('in the portal waits here, is said once, and lets nothing through', async () => {
    kept.offered = wide;
    await follow();
    await follow();
    expect(await enforced()).toBe(idOf(narrow));
    expect(logged.filter((line) => line.includes('waits here'))).toHaveLength(1);
    const record = await parts.records.read('north-1');
    if (record?.state !== 'active') throw new Error('no record');
    expect((await offeredChange(parts, record))?.lines).toEqual(['+ GET /api/users']);
  });

  it('in the portal counts here at once where the configuration leaves it to the portal', async () => {
    kept.offered = other;
    await follow({ ...parts, acceptPortalAdmissions: true });
    expect(await enforced()).toBe(idOf(other));
    expect(kept.view()).not.toHaveProperty('gatewayAllowlistId');
  });

  it('by one gateway changes at the others of the system, which can tell that it was a gateway', async () => {
    const elsewhere = await temporaryFolder();
    await copyFile(join(folder, 'seal.key'), join(elsewhere, 'seal.key'));
    const second = await gatewayIn(elsewhere);
    expect(await adoptShares(second, 'sys-1', [kept.view()])).toEqual([]);
    time.pass(1000);
    await changeShare(parts, 'north-1', { allowlist: other });
    expect(await enforced(second)).toBe(idOf(narrow));
    await follow(second);
    expect(await enforced(second)).toBe(idOf(other));
  });

  it('is not widened by a service that says the gateways had accepted it', async () => {
    kept.accepted = wide;
    await follow();
    expect(await enforced()).toBe(idOf(narrow));
    expect(logged.join()).toContain('not what the gateway that made it sealed');
  });

  it('is not put back by a service that replays what a gateway once sealed', async () => {
    await changeShare(parts, 'north-1', { allowlist: wide });
    const { accepted, sealed } = kept;
    await changeShare(parts, 'north-1', { allowlist: narrow });
    Object.assign(kept, { accepted, sealed });
    await follow();
    expect(await enforced()).toBe(idOf(narrow));
  });

  it('stays as it was when the service does not answer', async () => {
    kept.failUpdates = true;
    await expect(changeShare(parts, 'north-1', { allowlist: wide })).rejects.toThrow('no answer');
    expect(await enforced()).toBe(idOf(narrow));
  });

  it('is taken up after a crash between the service and the disk: it was accepted here', async () => {
    const before = await parts.records.read('north-1');
    await changeShare(parts, 'north-1', { allowlist: other });
    if (before) await parts.records.write(before);
    await follow();
    expect(await enforced()).toBe(idOf(other));
  });

  it('has to be one that this gateway serves', async () => {
    await expect(changeShare(parts, 'north-2', { allowlist: wide })).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});
