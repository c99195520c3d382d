import { second } from '../shared/clock.ts';
import { awaitApproval, beginApproval, type ApprovalOutcome } from './approval.ts';
import type { Gateway } from './gateway.ts';
import { GatewayError } from './gateway-error.ts';
import type { PendingApproval } from './state/pending-approval.ts';

export type ConnectParts = Pick<Gateway, 'locks' | 'store' | 'pending' | 'approval' | 'timer'>;

/**
 * Asks for approval and waits for it. Where another process of this gateway, such as `run`, waits already, this one
 * waits with it for the same approval.
 * @param onPending told the link and the code as soon as they are known
 * @throws GatewayError `already-connected`, `busy`, `unreachable`
 */
export async function connect(
  { locks, store, pending: grants, approval, timer }: ConnectParts,
  onPending: (pending: PendingApproval) => void,
  hooks: { onPoll?: () => void; signal?: AbortSignal } = {},
): Promise<ApprovalOutcome> {
  const credentials = await store.read();
  if (credentials?.state === 'connected') {
    throw new GatewayError(
      'already-connected',
      `This gateway is connected as ${credentials.systemName} of ${credentials.organizationName}. Disconnect it first.`,
    );
  }
  const held = await locks.tryHold('approval');
  if (!held) return waitAlong();
  try {
    const pending = await beginApproval(approval);
    onPending(pending);
    return await awaitApproval(approval, pending, hooks);
  } finally {
    held.release();
  }

  async function waitAlong(): Promise<ApprovalOutcome> {
    const pending = await grants.read();
    if (!pending)
      throw new GatewayError('busy', 'Another process of this gateway is asking for approval just now.');
    onPending(pending);
    while (approval.clock.now() < pending.expiresAt) {
      await timer.sleep(second, hooks.signal);
      // In this order: the credentials are there before the grant goes.
      const still = (await grants.read())?.deviceCode === pending.deviceCode;
      const now = await store.read();
      if (now?.state === 'connected') return { kind: 'connected', credentials: now };
      if (!still) return { kind: 'withdrawn' };
      const left = await locks.tryHold('approval');
      if (!left) continue;
      // Who waited has ended: go on in its place.
      try {
        return await awaitApproval(approval, pending, hooks);
      } finally {
        left.release();
      }
    }
    return { kind: 'expired' };
  }
}
