import { diffAllowlists, diffLines } from '../../shared/allowlist/diff.ts';
import type { Allowlist } from '../../shared/allowlist/rule.ts';
import { sha256 } from '../../shared/identifier.ts';
import type { DashboardReference } from '../adapters/on-prem-adapter.ts';
import { GatewayError, wordsOf } from '../gateway-error.ts';
import type { SharedDashboard } from '../service-client.ts';
import { openCopy, sealCopy } from './share-copy.ts';
import type { ShareParts } from './share-parts.ts';
import type { MadeRecord } from './share-records.ts';

/** What a share shows from now on. */
export interface ShareContent {
  readonly allowlist: Allowlist;
  readonly dashboard?: Omit<DashboardReference, 'id'>;
}

/** How a share would differ, line by line: calls, and what else is shown. Empty when nothing changes. */
export function shareDifference(record: MadeRecord, { allowlist, dashboard }: ShareContent): string[] {
  const lines = diffLines(diffAllowlists(record.allowlist, allowlist));
  if (!dashboard) return lines;
  const { title, entryPath, items } = record.dashboard;
  return [
    ...lines,
    ...(dashboard.title === title ? [] : [`~ title: ${dashboard.title}, was ${title}`]),
    ...(dashboard.entryPath === entryPath ? [] : [`~ starts at ${dashboard.entryPath}, was ${entryPath}`]),
    ...dashboard.items.filter((item) => !items.includes(item)).map((item) => `+ item ${item}`),
    ...items.filter((item) => !dashboard.items.includes(item)).map((item) => `- item ${item}`),
  ];
}

/** @throws GatewayError `not-found` for a share that this gateway does not serve */
export async function activeRecord(
  { records }: Pick<ShareParts, 'records'>,
  id: string,
): Promise<MadeRecord> {
  const record = await records.read(id);
  if (record?.state === 'active') return record;
  throw new GatewayError('not-found', `This gateway serves no share ${id}.`);
}

/**
 * Changes what a share shows: first at the service, then here. Until both have it, only what both admit passes, so a
 * crash in between opens nothing; the next look tells that the service's waits here.
 * @throws GatewayError
 */
export function changeShare(parts: ShareParts, id: string, content: ShareContent): Promise<void> {
  const { records, locks, service, clock } = parts;
  return locks.exclusively('shares', async () => {
    const record = await activeRecord(parts, id);
    const dashboard = {
      ...record.dashboard,
      ...content.dashboard,
      items: [...(content.dashboard ?? record.dashboard).items],
    };
    const changed = { ...record, dashboard, allowlist: content.allowlist };
    const changedAt = Math.max(clock.now(), (record.changedAt ?? 0) + 1);
    await renewServiceUser(parts, record, dashboard);
    const sealed = await sealAgain(parts, record, changed, changedAt);
    const { id: _id, ...shown } = dashboard;
    await service.updateShare(id, {
      allowlist: content.allowlist,
      ...(content.dashboard && { dashboard: shown }),
      ...(sealed !== undefined && { sealed }),
    });
    // It may have been ended meanwhile.
    await activeRecord(parts, id);
    const { offered: _, ...rest } = changed;
    await records.write({ ...rest, changedAt });
  });
}

/** The service user reads the items of the dashboard, so it changes with them; its password stays. */
async function renewServiceUser(
  { adapter, seal }: ShareParts,
  { serviceUser, dashboard: before }: MadeRecord,
  dashboard: DashboardReference,
): Promise<void> {
  if (!serviceUser || JSON.stringify(before.items) === JSON.stringify(dashboard.items)) return;
  const { name, sealedPassword } = serviceUser;
  const password = await seal.open(sealedPassword, name);
  await adapter.deleteServiceUser(name);
  await adapter.createServiceUser({ name, password }, dashboard);
}

/** For the other gateways of the system. @returns undefined when the share was not sealed for them before */
async function sealAgain(
  { service, seal }: ShareParts,
  { id, systemId }: MadeRecord,
  content: { dashboard: DashboardReference; allowlist: Allowlist },
  changedAt: number,
): Promise<string | undefined> {
  const { sealed, dashboard, allowlist } = await service.shareRecord(id);
  if (sealed === undefined) return undefined;
  const { key } = await openCopy(seal, systemId, sealed, { dashboard, allowlist });
  return sealCopy(seal, systemId, { ...content, key, changedAt });
}

/** What the portal changed and this side has not accepted. @returns undefined when there is nothing */
export async function offeredChange(
  { service }: Pick<ShareParts, 'service'>,
  record: MadeRecord,
): Promise<{ id: string; content: ShareContent; lines: string[] } | undefined> {
  const { id, allowlist } = await service.allowlist(record.id);
  const content = { allowlist };
  const lines = shareDifference(record, content);
  return lines.length === 0 ? undefined : { id, content, lines };
}

/**
 * Keeps up with changes that others made: what another gateway of the system accepted and sealed counts here, too;
 * what the portal offers waits until somebody accepts it here, unless the configuration leaves that to the portal.
 */
export async function followChanges(parts: ShareParts, listed: readonly SharedDashboard[]): Promise<void> {
  const { records, log, acceptPortalAdmissions } = parts;
  for (const { id, allowlistId, gatewayAllowlistId } of listed) {
    const record = await records.read(id);
    if (record?.state !== 'active' || allowlistId === undefined) continue;
    try {
      const own = sha256(JSON.stringify(record.allowlist));
      if ((gatewayAllowlistId ?? allowlistId) !== own && (await followGateway(parts, record))) continue;
      if (allowlistId === own || record.offered === allowlistId) continue;
      const offer = await offeredChange(parts, record);
      if (offer === undefined) continue;
      if (acceptPortalAdmissions) {
        await changeShare(parts, id, offer.content);
        log.info('change from the portal accepted by configuration', {
          shareId: id,
          calls: offer.lines.length,
        });
      } else {
        await records.write({ ...record, offered: allowlistId });
        log.warn('a change made in the portal waits here: accept or decline it', { shareId: id });
      }
    } catch (error) {
      log.warn('change of a share not followed', { shareId: id, why: wordsOf(error) });
    }
  }
}

/** @returns whether another gateway of the system had changed the share, later than this one */
async function followGateway(parts: ShareParts, record: MadeRecord): Promise<boolean> {
  const { records, service, seal, log } = parts;
  const { sealed, dashboard, allowlist } = await service.shareRecord(record.id);
  if (sealed === undefined) return false;
  const { changedAt = 0 } = await openCopy(seal, record.systemId, sealed, { dashboard, allowlist });
  // The service may hold back a change, and not bring an old one back.
  if (changedAt <= (record.changedAt ?? 0)) return false;
  await renewServiceUser(parts, record, dashboard);
  const { offered: _, ...rest } = record;
  await records.write({ ...rest, dashboard, allowlist, changedAt });
  log.info('change of another gateway taken over', { shareId: record.id });
  return true;
}
