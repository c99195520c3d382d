import { day, instant, second } from '../clock.ts';
import type { GatewayRecord } from '../systems/gateway-record.ts';
import type { VerifiedAccessToken } from './access-token.ts';
import { withAttempt, type RenewalAttempt } from './refresh-attempt.ts';
import type { GenuineRefreshKey } from './refresh-key.ts';

/** Seconds a refresh key lives: an outage of a month costs nothing. */
export const refreshKeyLifetime = 30 * 24 * 3600;

/** Seconds by which the clocks of two hosts of the service may differ. */
const clockTolerance = 60;

/** A holder renews before its access token ends, and so has told by then which attempts were its own. */
const longestDoubt = 7 * day;
const mostUnexplained = 8;

/** More than the renewals in the life of an access token. */
const mostOlderKeys = 15;

/** More generations than anybody renews, and than a restored record can lag behind. */
const lineLength = 1_000_000;

/**
 * Each approval begins a line of generations of its own. Keys and tokens of an earlier line are dead for ever, and
 * nothing else: who was put back to an older state, or copied it, asks for approval, and cuts nobody off by that.
 */
export const lineOf = (generation: number): number => Math.floor(generation / lineLength);

/** The generation with which the line after this one begins; its first key is the next. */
export const nextLine = (generation: number): number => (lineOf(generation) + 1) * lineLength;

/** Whether a key or token is from before the approval that the record knows. */
export const isOfEarlierLine = (record: Pick<GatewayRecord, 'generation'>, generation: number): boolean =>
  lineOf(generation) < lineOf(record.generation);

export type RenewalVerdict =
  /** Issue a key of this generation and write it to the record. */
  | { readonly kind: 'issue'; readonly generation: number; readonly why: 'current' | 'repeat' | 'catch-up' }
  /** Two parties hold keys of this gateway: revoke its credentials. */
  | { readonly kind: 'theft'; readonly generation: number }
  /** An attempt of the holder that comes after a newer renewal: nothing is issued, nothing changes. */
  | { readonly kind: 'late' }
  /** Late or theft; the holder's next renewal tells. Nothing is issued; the record notes the attempt. */
  | { readonly kind: 'doubt'; readonly attemptHash: string }
  | {
      readonly kind: 'refused';
      readonly failure: 'expired' | 'revoked' | 'system_deleted' | 'gateway_removed';
    };

export type RenewalState = Pick<
  GatewayRecord,
  | 'state'
  | 'generation'
  | 'arrivedKeyHash'
  | 'previousKeyHash'
  | 'olderKeyHashes'
  | 'heldKeyIssuedAt'
  | 'attempts'
  | 'attemptsMissingSince'
  | 'unexplained'
>;

/**
 * The rules of single use that never lock a gateway out (DESIGN.md section 4), as one decision.
 *
 * Keys of one generation may be siblings: each repeat of a renewal issues another one, since the reply
 * that carried the first may be lost. The first sibling that is seen again has arrived; from then on its
 * siblings are in foreign hands.
 *
 * @param attempt where the client names its attempts: then a request that was delayed past the next renewal
 * is told from theft
 */
export function judgeRenewal(
  record: RenewalState,
  key: GenuineRefreshKey,
  now: number,
  attempt?: RenewalAttempt,
): RenewalVerdict {
  if (record.state === 'disconnected') return { kind: 'refused', failure: 'system_deleted' };
  if (record.state === 'removed') return { kind: 'refused', failure: 'gateway_removed' };
  if (record.state === 'revoked' || isOfEarlierLine(record, key.generation)) {
    return { kind: 'refused', failure: 'revoked' };
  }

  const verdict = byGeneration(record, key) ?? byAttempt(record, key, now, attempt);
  if (verdict.kind !== 'issue') return verdict;
  // Where the key is ahead of the record, what the record notes was explained by a renewal that it has forgotten.
  const strange = attempt && verdict.why !== 'catch-up' && unexplainedBy(record, attempt);
  if (strange) return { kind: 'theft', generation: strange.generation };
  // A key past its life is refused only when nothing worse is wrong with it: theft is never hidden.
  return now / second >= key.issuedAt + refreshKeyLifetime
    ? { kind: 'refused', failure: 'expired' }
    : verdict;
}

function byGeneration(record: RenewalState, key: GenuineRefreshKey): RenewalVerdict | undefined {
  const ahead = key.generation - record.generation;
  if (ahead > 0) {
    // The record was restored, or failed over, to an older state.
    return isFork(record, key.issuedAt)
      ? { kind: 'theft', generation: key.generation }
      : { kind: 'issue', generation: key.generation + 1, why: 'catch-up' };
  }
  if (ahead === 0) {
    const sibling = record.arrivedKeyHash !== undefined && record.arrivedKeyHash !== key.hash;
    return sibling
      ? { kind: 'theft', generation: key.generation }
      : { kind: 'issue', generation: key.generation + 1, why: 'current' };
  }
  const replyMayBeLost = ahead === -1 && record.arrivedKeyHash === undefined;
  const sameHolder = record.previousKeyHash === undefined || record.previousKeyHash === key.hash;
  return replyMayBeLost && sameHolder
    ? { kind: 'issue', generation: record.generation, why: 'repeat' }
    : undefined;
}

/** An older key: it comes late, or from somebody else. */
function byAttempt(
  record: RenewalState,
  key: GenuineRefreshKey,
  now: number,
  attempt: RenewalAttempt | undefined,
): RenewalVerdict {
  const theft = { kind: 'theft', generation: key.generation } as const;
  if (attempt === undefined) return theft;
  if (record.attempts?.includes(attempt.hash)) return { kind: 'late' };
  const { attemptsMissingSince } = record;
  const inDoubt = attemptsMissingSince !== undefined && now - Date.parse(attemptsMissingSince) < longestDoubt;
  return inDoubt ? { kind: 'doubt', attemptHash: attempt.hash } : theft;
}

/** The keys of one holder get newer as their generations rise; where they do not, two parties renewed. */
const isFork = ({ heldKeyIssuedAt }: RenewalState, issuedAt: number): boolean =>
  heldKeyIssuedAt !== undefined && issuedAt + clockTolerance < heldKeyIssuedAt;

const unexplainedBy = ({ unexplained }: RenewalState, { hash, earlier }: RenewalAttempt) =>
  unexplained?.find((noted) => noted.hash !== hash && !earlier.includes(noted.hash));

/** The record after a renewal was granted. */
export function afterRenewal<R extends RenewalState>(
  record: R,
  key: GenuineRefreshKey,
  generation: number,
  attempt?: RenewalAttempt,
): R {
  return {
    ...record,
    generation,
    previousKeyHash: key.hash,
    olderKeyHashes: olderKeyHashes(record, key),
    arrivedKeyHash: undefined,
    heldKeyIssuedAt: key.issuedAt,
    ...(attempt && {
      attempts: withAttempt(record.attempts, attempt),
      attemptsMissingSince: undefined,
      unexplained: undefined,
    }),
  };
}

function olderKeyHashes(record: RenewalState, { generation }: GenuineRefreshKey): readonly string[] {
  const { previousKeyHash: previous, olderKeyHashes: older = [] } = record;
  if (generation < record.generation) return older;
  const follows = generation === record.generation && previous !== undefined;
  return follows ? [previous, ...older].slice(0, mostOlderKeys) : [];
}

/** The record after an attempt came of which nobody can say yet whose it was. */
export function afterDoubt<R extends RenewalState>(record: R, key: GenuineRefreshKey, hash: string): R {
  const noted = record.unexplained ?? [];
  const enough = noted.length >= mostUnexplained || noted.some((other) => other.hash === hash);
  return enough ? record : { ...record, unexplained: [...noted, { hash, generation: key.generation }] };
}

export type ArrivalVerdict = 'known' | 'arrived' | 'theft' | 'dead';

type ArrivedToken = Pick<VerifiedAccessToken, 'generation' | 'keyHash' | 'attemptHash' | 'issuedAt'>;

/**
 * What the use of an access token tells about the reply that carried it. Of the siblings of one generation a
 * gateway holds one: the one that arrived, or that was renewed already.
 */
export function judgeArrival(record: RenewalState, token: ArrivedToken): ArrivalVerdict {
  if (isOfEarlierLine(record, token.generation)) return 'dead';
  const ahead = token.generation - record.generation;
  if (ahead > 0) return isFork(record, token.issuedAt) ? 'theft' : 'arrived';
  if (ahead === 0 && record.arrivedKeyHash === undefined) return 'arrived';
  const { arrivedKeyHash, previousKeyHash, olderKeyHashes = [] } = record;
  const held = [arrivedKeyHash, previousKeyHash, ...olderKeyHashes][-ahead];
  return held === undefined || held === token.keyHash ? 'known' : 'theft';
}

/** The record after an access token proved that it arrived. @param now milliseconds since 1970 */
export function afterArrival<R extends RenewalState>(record: R, token: ArrivedToken, now: number): R {
  const missing = token.attemptHash !== undefined && !record.attempts?.includes(token.attemptHash);
  return {
    ...record,
    generation: token.generation,
    arrivedKeyHash: token.keyHash,
    // Unknown when the record lags behind the token.
    ...(token.generation > record.generation && {
      previousKeyHash: undefined,
      olderKeyHashes: undefined,
      // Noted before a renewal that the record has forgotten; that one explained them.
      unexplained: undefined,
    }),
    heldKeyIssuedAt: token.issuedAt,
    // Each arrival that shows this is of a restore of its own, whatever the restored record says of an earlier one.
    ...(missing && { attemptsMissingSince: instant(now) }),
  };
}
