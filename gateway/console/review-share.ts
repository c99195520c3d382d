import { canonicalJson } from '../../shared/audit/canonical-json.ts';
import { sha256 } from '../../shared/identifier.ts';
import { GatewayError } from '../gateway-error.ts';
import type { Gateway } from '../gateway.ts';
import { allowlistFrom, type CallSource } from '../shares/dashboard-calls.ts';
import { shareDifference } from '../shares/share-changing.ts';
import type { LocalReview, LocalShare, ReviewedShare } from './console-api.ts';

/** The calls of a dashboard, in whichever form they came. */
export const callSourceOf = ({
  calls,
  har,
  allowlist,
}: Pick<LocalShare, 'calls' | 'har' | 'allowlist'>): CallSource => {
  if (allowlist !== undefined) return { kind: 'allowlist', allowlist };
  return har === undefined ? { kind: 'calls', calls } : { kind: 'har', recordings: [har] };
};

/** @throws GatewayError, `usage` where something else is accepted than what the dashboard is now */
export async function reviewShare(
  { configuration, shares }: Pick<Gateway, 'configuration' | 'shares'>,
  id: string,
  { dashboard, accept, ...forms }: LocalReview,
): Promise<ReviewedShare> {
  const record = await shares.record(id);
  if (record.dashboard.id !== dashboard.id) {
    throw new GatewayError('usage', `Share ${id} is of another dashboard.`);
  }
  const { allowlist } = allowlistFrom(callSourceOf(forms), configuration.upstream, dashboard.entryPath);
  const content = { dashboard, allowlist };
  const lines = shareDifference(record, content);
  const digest = sha256(canonicalJson({ id, ...content }));
  if (accept === undefined) return { lines, digest, accepted: false };
  if (accept !== digest) {
    throw new GatewayError('usage', 'The dashboard has changed once more. Look at the difference again.');
  }
  await shares.change(id, content);
  return { lines, digest, accepted: true };
}
