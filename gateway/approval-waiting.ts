import { day, second } from '../shared/clock.ts';
import { awaitApproval, beginApproval, type ApprovalOutcome } from './approval.ts';
import type { PendingApproval } from './state/pending-approval.ts';
import type { Gateway } from './gateway.ts';
import { wordsOf } from './gateway-error.ts';

/** Waiting for approval beside everything else. */
export interface ApprovalWaiting {
  /**
   * Asks, and waits in the background, unless this or another process does already.
   * @throws GatewayError when the service cannot be asked
   */
  begin(): Promise<void>;
  /** Milliseconds since 1970: who was denied does not ask again by itself for a day. */
  silentUntil(): number;
  /** Resolves when nothing waits any more; that is soon once the signal aborts. */
  ended(): Promise<void>;
}

export function createApprovalWaiting(
  { locks, store, approval, clock, timer, log }: Gateway,
  signal: AbortSignal,
): ApprovalWaiting {
  let waiting: Promise<void> | undefined;
  let silentUntil = 0;

  /** Who was shut out gets another code as soon as one is over, so that there is always one to approve. */
  async function untilDecided(first: PendingApproval): Promise<ApprovalOutcome> {
    for (let pending = first; ; pending = await beginApproval(approval)) {
      const { userCode, verificationUri } = pending;
      log.info('approval is needed', { code: userCode, at: verificationUri });
      const outcome = await awaitApproval(approval, pending, { signal });
      const state = outcome.kind === 'expired' ? (await store.read())?.state : undefined;
      if (state !== 'expired' && state !== 'revoked') return outcome;
      await timer.sleep(second, signal);
    }
  }

  return {
    async begin() {
      if (waiting) return;
      const lock = await locks.tryHold('approval');
      if (!lock) return;
      try {
        const pending = await beginApproval(approval);
        waiting = untilDecided(pending)
          .then(({ kind }) => {
            log.info('approval', { outcome: kind });
            if (kind === 'denied') silentUntil = clock.now() + day;
          })
          .catch((error: unknown) => {
            if (!signal.aborted) log.warn('approval failed', { why: wordsOf(error) });
          })
          .finally(() => {
            lock.release();
            waiting = undefined;
          });
      } catch (error) {
        lock.release();
        throw error;
      }
    },
    silentUntil: () => silentUntil,
    ended: async () => waiting,
  };
}
