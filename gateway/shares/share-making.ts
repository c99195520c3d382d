import type { Allowlist } from '../../shared/allowlist/rule.ts';
import { hour } from '../../shared/clock.ts';
import { randomText } from '../../shared/identifier.ts';
import type { DashboardReference, ServiceUser } from '../adapters/on-prem-adapter.ts';
import { GatewayError, wordsOf } from '../gateway-error.ts';
import type { SharedDashboard } from '../service-client.ts';
import { newServiceUserPassword, serviceUserName } from './service-user-secret.ts';
import { sealCopy } from './share-copy.ts';
import { finishEnding } from './share-ending.ts';
import { requireAllowed } from './share-policy.ts';
import type { ShareParts } from './share-parts.ts';
import type { MakingRecord, ShareRecord } from './share-records.ts';

export interface ShareWish {
  readonly dashboard: DashboardReference;
  readonly recipients: readonly string[];
  readonly message?: string | undefined;
  readonly description?: string | undefined;
  /** RFC 3339. */
  readonly expiresAt?: string | undefined;
  readonly allowlist: Allowlist;
  readonly sharedBy: string;
}

/** How long a share that a crash interrupted is still what its sharer wants. */
const stillWanted = hour;

/** The service did not say whether it made the share. */
class Unanswered extends GatewayError {}

function asUnanswered(error: unknown): never {
  if (!(error instanceof GatewayError) || error.code !== 'unreachable') throw error;
  throw new Unanswered(
    'unreachable',
    `${error.message}\nNothing is shown. Should the service have noted the share all the same, \`run\` ends it there.`,
    { cause: error },
  );
}

/**
 * Makes a share. What is to be made goes to disk first; then the service user, the service, and the record that lets
 * requests through. A failure in between is undone, and what a crash leaves behind {@link completeInterrupted} takes up.
 * @throws GatewayError
 */
export function makeShare(parts: ShareParts, wish: ShareWish): Promise<SharedDashboard> {
  const { records, locks, credentials, adapter, seal, clock, random, log } = parts;
  return locks.exclusively('shares', async () => {
    const connected = await credentials.read();
    if (connected?.state !== 'connected') {
      throw new GatewayError('not-connected', 'This gateway is not connected. Connect it first.');
    }
    requireAllowed(await parts.policy(connected.systemId), wish, clock.now());
    const key = randomText(random, 26, '0123456789abcdefghijklmnopqrstuvwxyz');
    const { allowlist, dashboard, ...order } = wish;
    const name = serviceUserName(key, random);
    const password = newServiceUserPassword(random);
    const serviceUser = adapter.hasUsers ? { name, password } : undefined;
    const sealed = await sealCopy(seal, connected.systemId, { key, dashboard, allowlist });
    const making: MakingRecord = {
      id: `making-${key}`,
      state: 'making',
      systemId: connected.systemId,
      dashboard: { ...dashboard, items: [...dashboard.items] },
      allowlist,
      order: { ...order, recipients: [...order.recipients], sealed },
      ...(adapter.hasUsers && { serviceUser: { name, sealedPassword: await seal.seal(password, name) } }),
      createdAt: clock.now(),
    };
    await records.write(making);
    try {
      return await complete(parts, making, serviceUser);
    } catch (error) {
      await giveUp(parts, making, error instanceof Unanswered).catch((left: unknown) =>
        log.warn('leftover of a share stays for now', { why: wordsOf(left) }),
      );
      throw error;
    }
  });
}

/**
 * Takes up what a crash interrupted: the key makes the service give the same share, if it made one. After an hour
 * nobody expects it any more, and it is undone. Does nothing while another process makes a share.
 */
export async function completeInterrupted(parts: ShareParts, systemId: string): Promise<void> {
  const { records, locks, seal, clock, log } = parts;
  const held = await locks.tryHold('shares');
  if (held === undefined) return;
  try {
    for (const record of await records.list()) {
      if (record.state !== 'making') continue;
      const age = clock.now() - record.createdAt;
      try {
        if (record.systemId !== systemId || age > stillWanted || age < -stillWanted) {
          await finishEnding(parts, record, false);
          continue;
        }
        const { serviceUser: user } = record;
        const sealed = user && { name: user.name, password: await seal.open(user.sealedPassword, user.name) };
        const share = await complete(parts, record, sealed);
        log.info('interrupted share completed', { shareId: share.id });
      } catch (error) {
        log.warn('interrupted share not completed', { why: wordsOf(error) });
        const again = error instanceof GatewayError && ['unreachable', 'not-connected'].includes(error.code);
        if (!again) await finishEnding(parts, record, false);
      }
    }
  } finally {
    held.release();
  }
}

/** Its sharer hears that it failed: from here on it is not taken up again, even if the application is down now. */
async function giveUp(parts: ShareParts, making: MakingRecord, uncertain: boolean): Promise<void> {
  const { order: _, ...rest } = making;
  const over: ShareRecord = { ...rest, state: 'ending' };
  await parts.records.write(over);
  if (!uncertain) return finishEnding(parts, over, false);
  // The record stays where the service may know the share: it is by the record that it is found and ended there.
  const { serviceUser, ...withoutUser } = over;
  if (serviceUser) await parts.adapter.deleteServiceUser(serviceUser.name);
  await parts.records.write(withoutUser);
}

async function complete(
  { records, adapter, service }: ShareParts,
  making: MakingRecord,
  user: ServiceUser | undefined,
): Promise<SharedDashboard> {
  const { order, id, ...kept } = making;
  if (user) await adapter.createServiceUser(user, making.dashboard);
  const { message, description, expiresAt, sealed } = order;
  const share = await service
    .createShare(
      {
        dashboard: making.dashboard,
        recipients: order.recipients,
        ...(message !== undefined && { message }),
        ...(description !== undefined && { description }),
        ...(expiresAt !== undefined && { expiresAt }),
        allowlist: making.allowlist,
        sharedBy: { name: order.sharedBy },
        ...(sealed !== undefined && { sealed }),
      },
      id.slice('making-'.length),
    )
    .catch(asUnanswered);
  await records.write({ ...kept, id: share.id, key: id.slice('making-'.length), state: 'active' });
  await records.remove(id);
  return share;
}
