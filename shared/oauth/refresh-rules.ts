import type { GatewayRecord } from '../systems/gateway-record.ts';
import type { GenuineRefreshKey } from './refresh-key.ts';

/** Seconds a refresh key lives: an outage of a month costs nothing. */
export const refreshKeyLifetime = 30 * 24 * 3600;

export type RenewalVerdict =
  /** Issue a key of this generation and write it to the record. */
  | { readonly kind: 'issue'; readonly generation: number; readonly why: 'current' | 'repeat' | 'catch-up' }
  /** Two parties hold keys of this gateway: revoke its credentials. */
  | { readonly kind: 'theft'; readonly generation: number }
  | { readonly kind: 'refused'; readonly failure: 'expired' | 'revoked' | 'reused' | 'system_deleted' };

type RenewalState = Pick<GatewayRecord, 'state' | 'generation' | 'arrivedKeyHash' | 'previousKeyHash'>;

/**
 * The rules of single use that never lock a gateway out (DESIGN.md section 4), as one decision.
 *
 * Keys of one generation may be siblings: each repeat of a renewal issues another one, since the reply
 * that carried the first may be lost. The first sibling that is seen again has arrived; from then on its
 * siblings are in foreign hands.
 */
export function judgeRenewal(record: RenewalState, key: GenuineRefreshKey, now: number): RenewalVerdict {
  if (record.state === 'disconnected') return { kind: 'refused', failure: 'system_deleted' };
  if (record.state === 'revoked') return { kind: 'refused', failure: 'revoked' };

  const theft = { kind: 'theft', generation: key.generation } as const;
  const verdict = byGeneration(record, key) ?? theft;
  // A key past its life is refused only when nothing worse is wrong with it: theft is never hidden.
  if (verdict.kind === 'issue' && now / 1000 >= key.issuedAt + refreshKeyLifetime) {
    return { kind: 'refused', failure: 'expired' };
  }
  return verdict;
}

function byGeneration(record: RenewalState, key: GenuineRefreshKey): RenewalVerdict | undefined {
  const ahead = key.generation - record.generation;
  // The record was restored, or failed over, to an older state.
  if (ahead > 0) return { kind: 'issue', generation: key.generation + 1, why: 'catch-up' };
  if (ahead === 0) {
    const sibling = record.arrivedKeyHash !== undefined && record.arrivedKeyHash !== key.hash;
    return sibling ? undefined : { kind: 'issue', generation: key.generation + 1, why: 'current' };
  }
  const replyMayBeLost = ahead === -1 && record.arrivedKeyHash === undefined;
  const sameHolder = record.previousKeyHash === undefined || record.previousKeyHash === key.hash;
  return replyMayBeLost && sameHolder
    ? { kind: 'issue', generation: record.generation, why: 'repeat' }
    : undefined;
}

export type ArrivalVerdict = 'known' | 'arrived' | 'theft';

/**
 * What the use of an access token tells about the reply that carried it.
 * @param token generation, and hash of the refresh key issued with it
 */
export function judgeArrival(
  record: RenewalState,
  token: { readonly generation: number; readonly keyHash: string },
): ArrivalVerdict {
  if (token.generation < record.generation) return 'known';
  if (token.generation > record.generation || record.arrivedKeyHash === undefined) return 'arrived';
  return record.arrivedKeyHash === token.keyHash ? 'known' : 'theft';
}
