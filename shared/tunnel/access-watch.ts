import { second, type Clock } from '../clock.ts';
import type { ShareAccess } from '../shares/share-access.ts';

type ClosedReason = Extract<ShareAccess, { kind: 'closed' }>['why'];

/** The viewer may no longer, or nobody can say whether. */
export class AccessEnded extends Error {
  override readonly name = 'AccessEnded';
  readonly why: ClosedReason | 'unverified';

  constructor(why: ClosedReason | 'unverified') {
    super(`The share was closed: ${why}.`);
    this.why = why;
  }
}

export interface AccessWatchDependencies {
  /** May this viewer still? Thrown errors mean that nobody knows just now. */
  readonly check: () => Promise<ShareAccess>;
  readonly clock: Clock;
  /** Runs a task again and again until the returned function is called. */
  readonly every: (milliseconds: number, task: () => Promise<void>) => () => void;
}

export interface AccessWatch {
  /** Aborted with an AccessEnded. */
  readonly ended: AbortSignal;
  stop(): void;
}

/** How often: revocation must reach whatever is open within a second. Milliseconds. */
const recheck = 400;
/** How long an outage of the store is borne before what is open is cut: nothing flows that nobody can take back. */
const patience = 5 * second;

/** Watches over one request, from the moment it was let in, until it is stopped. */
export function watchAccess({ check, clock, every }: AccessWatchDependencies): AccessWatch {
  const ended = new AbortController();
  let openAt = clock.now();
  let asking = false;
  const stop = every(recheck, async () => {
    if (asking) {
      if (clock.now() - openAt > patience) end('unverified');
      return;
    }
    asking = true;
    const askedAt = clock.now();
    try {
      const now = await check();
      if (now.kind === 'open') openAt = askedAt;
      else end(now.why);
    } catch (error) {
      if (clock.now() - openAt > patience) end('unverified');
      throw error;
    } finally {
      asking = false;
    }
  });
  const end = (why: AccessEnded['why']) => {
    stop();
    ended.abort(new AccessEnded(why));
  };
  return { ended: ended.signal, stop };
}
