import type { Instant } from '../clock.ts';
import type { GatewayId, SystemId } from '../identifier.ts';

/** Why a gateway is woken: `look` at its shares and standing, poll for `commands`, open its `tunnel`. */
export const wakeReasons = ['look', 'commands', 'tunnel'] as const;
export type WakeReason = (typeof wakeReasons)[number];

/** Where a gateway holds its connection. */
export interface WakeUpConnection {
  /** `wss://` address with an access token in it, good for one connection that begins before `expiresAt`. */
  readonly url: string;
  readonly expiresAt: Instant;
}

/**
 * Makes a gateway act at once instead of at its next look. Nothing depends on it: what it would have told, the gateway
 * finds by itself.
 */
export interface WakeUp {
  /** @throws WakeUpUnavailable */
  connection(systemId: SystemId, gatewayId: GatewayId): Promise<WakeUpConnection>;
  /** Wakes every gateway of a system that holds a connection. Never throws; what fails is in the log. */
  wake(systemId: SystemId, reason: WakeReason): Promise<void>;
}

/** The service behind cannot be asked now. */
export class WakeUpUnavailable extends Error {
  override name = 'WakeUpUnavailable';
}

/** The protocol that gateways speak on their connection. */
export const wakeUpProtocol = 'json.webpubsub.azure.v1';
/** The hub that they are in; the group of each is named after its system. */
export const wakeUpHub = 'gateways';
