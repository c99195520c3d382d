import type { Clock } from '../shared/clock.ts';
import { GatewayError, wordsOf } from './gateway-error.ts';
import type { ServiceClient } from './service-client.ts';
import { areUsable } from './state/credentials.ts';
import type { CredentialsStore } from './state/credentials-store.ts';
import type { PendingApprovalStore } from './state/pending-approval.ts';

export interface DisconnectParts {
  store: CredentialsStore;
  pending: PendingApprovalStore;
  service: Pick<ServiceClient, 'deleteSystem' | 'removeGateway'>;
  clock: Clock;
}

export type DisconnectOutcome =
  | { kind: 'was-not-connected' }
  | { kind: 'disconnected' }
  /** Nothing is shown any more; the service hears of it as soon as it can be reached. */
  | { kind: 'untold'; why: string };

/**
 * Ends the connection from this side: at once here, then in the service, which deletes the system's shares.
 * Call it again to go on with one that the service has not heard of.
 * @param only `gateway`: the system, its shares and its other gateways go on
 */
export async function disconnect(parts: DisconnectParts, only?: 'gateway'): Promise<DisconnectOutcome> {
  const { store, pending, service, clock } = parts;
  const found = await store.exclusively(async () => {
    const before = await store.read();
    if (before?.state === 'connected')
      await store.write({ ...before, state: 'disconnecting', since: clock.now(), ...(only && { only }) });
    else if (before !== undefined && !areUsable(before)) await store.remove();
    return before;
  });
  await pending.remove();
  if (!areUsable(found)) return { kind: found === undefined ? 'was-not-connected' : 'disconnected' };
  // What was begun is gone on with as it was begun.
  const alone = found.state === 'disconnecting' ? found.only === 'gateway' : only === 'gateway';
  try {
    if (alone) await service.removeGateway('self');
    else await service.deleteSystem();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    // Refused credentials and a system that is gone: there is nothing left to end.
    const over = error.code === 'not-connected' || error.code === 'not-found';
    if (!over) return { kind: 'untold', why: wordsOf(error) };
  }
  await store.exclusively(async () => {
    const now = await store.read();
    if (now?.state === 'disconnecting') await store.remove();
  });
  return { kind: 'disconnected' };
}
