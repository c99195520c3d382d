import { awaitApproval, beginApproval, type ApprovalOutcome } from './approval.ts';
import type { Gateway } from './gateway.ts';
import { GatewayError } from './gateway-error.ts';
import type { PendingApproval } from './state/pending-approval.ts';

/**
 * Asks for approval and waits for it, in one process at a time.
 * @param onPending told the link and the code as soon as they are known
 * @throws GatewayError `already-connected`, `busy`, `unreachable`
 */
export async function connect(
  { locks, store, approval }: Gateway,
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
  if (!held)
    throw new GatewayError('busy', 'Another process of this gateway is waiting for approval already.');
  try {
    const pending = await beginApproval(approval);
    onPending(pending);
    return await awaitApproval(approval, pending, hooks);
  } finally {
    held.release();
  }
}
