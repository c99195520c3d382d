import { randomUUID } from 'node:crypto';
import type { Allowlist } from '../../shared/allowlist/rule.ts';
import type { Clock, Random } from '../../shared/clock.ts';
import { randomText } from '../../shared/identifier.ts';
import type { Log } from '../../shared/log.ts';
import type { DashboardReference, OnPremAdapter } from '../adapters/on-prem-adapter.ts';
import { GatewayError, wordsOf } from '../gateway-error.ts';
import type { ServiceClient, SharedDashboard } from '../service-client.ts';
import type { CredentialsStore } from '../state/credentials-store.ts';
import type { Seal } from './seal.ts';
import type { ShareRecord, ShareRecords } from './share-records.ts';

export interface ShareParts {
  readonly records: ShareRecords;
  readonly service: ServiceClient;
  readonly credentials: Pick<CredentialsStore, 'read'>;
  readonly adapter: OnPremAdapter;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

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

/** 17 characters of 62: about 101 bits. */
const passwordLength = 17;
const passwordAlphabet = '23456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ';

/** How long an unfinished share may stand before it counts as left over by a crash. */
const makingTime = 10 * 60_000;

/** Makes and ends shares on this side and in the service, and keeps the two sides in step. */
export function createShareMaking(parts: ShareParts) {
  const { records, service, credentials, adapter, seal, clock, random, log } = parts;

  async function removeLocally(record: ShareRecord): Promise<void> {
    if (record.serviceUser) await adapter.deleteServiceUser(record.serviceUser.name);
    await records.remove(record.id);
  }

  return {
    /**
     * The service user first, then the service, then the record that lets requests through: whatever fails in
     * between leaves nothing open, and is cleaned up.
     * @throws GatewayError
     */
    async create(wish: ShareWish): Promise<SharedDashboard> {
      const connected = await credentials.read();
      if (connected?.state !== 'connected') {
        throw new GatewayError('not-connected', 'This gateway is not connected. Connect it first.');
      }
      const key = randomUUID();
      const user = adapter.hasUsers
        ? {
            name: `share-${key.slice(0, 13)}`,
            password: randomText(random, passwordLength, passwordAlphabet),
          }
        : undefined;
      const dashboard = { ...wish.dashboard, items: [...wish.dashboard.items] };
      const making: ShareRecord = {
        id: `making-${key}`,
        state: 'making',
        systemId: connected.systemId,
        dashboard,
        allowlist: wish.allowlist,
        ...(user && {
          serviceUser: { name: user.name, sealedPassword: await seal.seal(user.password, user.name) },
        }),
        createdAt: clock.now(),
      };
      await records.write(making);
      try {
        if (user) await adapter.createServiceUser(user, dashboard);
        const share = await service.createShare(
          {
            dashboard,
            recipients: [...wish.recipients],
            ...(wish.message !== undefined && { message: wish.message }),
            ...(wish.description !== undefined && { description: wish.description }),
            ...(wish.expiresAt !== undefined && { expiresAt: wish.expiresAt }),
            allowlist: wish.allowlist,
            sharedBy: { name: wish.sharedBy },
          },
          key,
        );
        await records.write({ ...making, id: share.id, state: 'active' });
        await records.remove(making.id);
        return share;
      } catch (error) {
        await removeLocally(making).catch((left: unknown) =>
          log.warn('leftover of a share stays', { error: wordsOf(left) }),
        );
        throw error;
      }
    },

    /** Ends a share in the service and here. @throws GatewayError; nothing is shown any more all the same */
    async end(id: string): Promise<void> {
      const record = await records.read(id);
      // The record first: from here on this gateway refuses, whatever the service says.
      if (record) await removeLocally(record);
      await service.deleteShare(id);
    },

    /** Ends every share of this side, after a disconnect. */
    async endAllLocally(): Promise<void> {
      for (const record of await records.list()) await removeLocally(record);
    },

    /** Removes what the service no longer shares, and what a crash left behind. @returns how many were removed */
    async reconcile(): Promise<number> {
      const mine = await records.list();
      if (mine.length === 0) return 0;
      const connected = await credentials.read();
      const open =
        connected?.state === 'connected'
          ? new Set((await service.shares()).filter(isOpen).map(({ id }) => id))
          : undefined;
      let removed = 0;
      for (const record of mine) {
        const over =
          record.state === 'making'
            ? clock.now() - record.createdAt > makingTime
            : connected === undefined || connected.state === 'deleted' || open?.has(record.id) === false;
        // A share made a moment ago may not be in the list that was asked for before.
        if (!over || (record.state === 'active' && clock.now() - record.createdAt < 60_000)) continue;
        await removeLocally(record);
        removed++;
      }
      return removed;
    },
  };
}

export type ShareMaking = ReturnType<typeof createShareMaking>;

const isOpen = ({ status }: SharedDashboard) => status === 'active' || status === 'paused';
