import { minute, second } from '../../shared/clock.ts';

/** The listener's numbers; times in milliseconds. */
export interface TunnelLimits {
  /** Between pings; a relay that is silent for three of them is given up. */
  readonly pingInterval: number;
  /** Requests handled at once; further ones get 503. */
  readonly inFlight: number;
  /** How long a handler may think at all: after that the relay has given the sender up. */
  readonly answerWithin: number;
  /** How long a handler may think before a rendezvous is opened, over which the viewer's leaving can be heard. */
  readonly quickAnswer: number;
  /** How long a response body of unknown length is watched for an early end. */
  readonly quickEnd: number;
  /** The same for a body that is known to be small. */
  readonly smallEnd: number;
  /** How long fetching a token and opening a WebSocket may take, each. */
  readonly openWithin: number;
  /** A connection that stood this long was a good one. */
  readonly stable: number;
  /**
   * First and longest wait before another attempt; the time that a failed one took counts. So whatever an attempt met,
   * a network that works again is noticed within the longer of the two, and used within 20 seconds.
   */
  readonly backoffBase: number;
  readonly backoffCap: number;
  /** How long a write may make no progress. */
  readonly stall: number;
}

export const defaultTunnelLimits: TunnelLimits = {
  pingInterval: 5 * second,
  inFlight: 256,
  answerWithin: minute,
  quickAnswer: second,
  quickEnd: 10,
  smallEnd: 250,
  openWithin: 8 * second,
  stable: minute,
  backoffBase: second,
  backoffCap: 15 * second,
  stall: 2 * minute,
};
