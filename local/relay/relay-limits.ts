import { minute, second } from '../../shared/clock.ts';

/** The relay's numbers, as the guide has them where it names them; times in milliseconds, sizes in bytes. */
export interface RelayLimits {
  /** Listeners of one hybrid connection. */
  readonly listeners: number;
  /** From a request to the listener's response message. */
  readonly answerWithin: number;
  /** The longest pause in an ongoing response. */
  readonly idleResponse: number;
  /** From an accept message to the listener's coming. */
  readonly acceptWithin: number;
  /** How long a small request body is waited for before the request goes to a rendezvous. */
  readonly bodyWithin: number;
  /** Between pings; a peer that is silent for three of them is given up. */
  readonly pingInterval: number;
  /** How often tokens are checked for expiry. */
  readonly expiryCheck: number;
  /** How long a write may make no progress. */
  readonly stall: number;
  /** What may wait to be written to one listener before it is passed over. */
  readonly backlog: number;
}

export const documentedLimits: RelayLimits = {
  listeners: 25,
  answerWithin: minute,
  idleResponse: minute,
  acceptWithin: 30 * second,
  bodyWithin: 100,
  pingInterval: 5 * second,
  expiryCheck: second,
  stall: 2 * minute,
  backlog: 4 * 1024 * 1024,
};
