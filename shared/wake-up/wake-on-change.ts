import type { SystemId } from '../identifier.ts';
import type { Share } from '../shares/share.ts';
import type { CollectionListener } from '../store/collection.ts';
import type { Document } from '../store/document-store.ts';
import type { GatewayRecord } from '../systems/gateway-record.ts';
import type { System } from '../systems/system.ts';
import type { WakeUp } from './wake-up.ts';

/** Tells the listeners one after the other. */
export const everyListener = <T extends Document>(
  ...listeners: readonly CollectionListener<T>[]
): CollectionListener<T> => ({
  async wrote(place, before, after) {
    for (const listener of listeners) await listener.wrote(place, before, after);
  },
});

/** Wakes whom a change concerns; nobody waits for that. */
const listener = <T extends Document>(
  wakeUp: Pick<WakeUp, 'wake'> | undefined,
  systemOf: (document: T) => SystemId,
  concerns: (before: T, after: T) => boolean,
): CollectionListener<T> => ({
  async wrote(_place, before, after) {
    if (!wakeUp || !before || !after || !concerns(before, after)) return;
    void wakeUp.wake(systemOf(after), 'look');
  },
});

/** What is ended, paused or admitted in the portal counts at the gateways at once, and not at their next look. */
export const wakeOnChange = (wakeUp: Pick<WakeUp, 'wake'> | undefined) => ({
  shares: listener<Share>(
    wakeUp,
    ({ systemId }) => systemId,
    (before, after) =>
      before.status !== after.status ||
      before.allowlistId !== after.allowlistId ||
      before.gatewayAllowlistId !== after.gatewayAllowlistId ||
      before.sealed !== after.sealed,
  ),
  systems: listener<System>(
    wakeUp,
    ({ id }) => id,
    (before, after) => before.state !== after.state,
  ),
  gateways: listener<GatewayRecord>(
    wakeUp,
    ({ systemId }) => systemId,
    (before, after) => before.state !== after.state,
  ),
});
