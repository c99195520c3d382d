import { setTimeout as pause } from 'node:timers/promises';
import { second, type Random } from '../clock.ts';
import { cosmosFailure, isTransient, unavailable } from './cosmos-errors.ts';
import { StoreUnavailable } from './store-errors.ts';

/** Milliseconds after which an operation has failed, all its tries included. */
const patience = 10 * second;
const mostTries = 4;

/** An outcome that the operation knows how to read, among the statuses that fail. */
export interface Refused {
  readonly status: 404 | 409 | 412 | 413;
  readonly substatus: number | undefined;
  /** An earlier try may have been carried out although nobody heard of it. */
  readonly again: boolean;
}

/**
 * Runs one operation, again when it failed in passing, with full jitter, within `patience`.
 *
 * @param expected statuses that are an outcome
 * @throws StoreUnavailable
 */
export async function attempt<T>(
  random: Random,
  act: (abortSignal: AbortSignal) => Promise<T>,
  expected: readonly Refused['status'][] = [],
): Promise<T | Refused> {
  const signal = AbortSignal.timeout(patience);
  for (let tries = 1; ; tries++) {
    try {
      return await within(signal, act(signal));
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      const failure = cosmosFailure(error);
      const status = expected.find((each) => each === failure.status);
      if (status !== undefined) return { status, substatus: failure.substatus, again: tries > 1 };
      if (tries === mostTries || signal.aborted || !isTransient(failure)) throw unavailable(failure);
    }
    const [byte = 0] = random.bytes(1);
    await pause((byte / 256) * 100 * 2 ** tries);
  }
}

export const isRefused = (outcome: object | undefined): outcome is Refused =>
  outcome !== undefined && 'again' in outcome && 'status' in outcome;

/** The SDK sleeps between its own tries whatever the signal says, so the wait itself is bounded too. */
function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const tooLate = () => reject(new StoreUnavailable('failed', 'Cosmos DB did not answer in time.'));
    signal.addEventListener('abort', tooLate, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', tooLate));
  });
}
