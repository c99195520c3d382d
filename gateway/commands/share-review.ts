import type { Allowlist } from '../../shared/allowlist/rule.ts';
import type { DashboardReference } from '../adapters/on-prem-adapter.ts';
import { shareDifference } from '../shares/share-changing.ts';
import type { MadeRecord } from '../shares/share-records.ts';
import type { CommandContext } from './command.ts';

export interface Review {
  readonly id: string;
  /** How the dashboard differs from what is shared. */
  readonly lines: readonly string[];
  readonly accepted: boolean;
}

/** The shares of a dashboard that this gateway serves. */
export async function sharesOf({ gateway }: CommandContext, dashboardId: string): Promise<MadeRecord[]> {
  const all = await gateway.records.list();
  return all.flatMap((record) =>
    record.state === 'active' && record.dashboard.id === dashboardId ? [record] : [],
  );
}

/**
 * A dashboard that is shared is opened for sharing again: shows what has changed since, and asks. Until somebody
 * accepts, what was shared before stays as it is.
 */
export async function reviewShares(
  context: CommandContext,
  records: readonly MadeRecord[],
  content: { dashboard: DashboardReference; allowlist: Allowlist },
): Promise<Review[]> {
  const { gateway, note } = context;
  const reviews: Review[] = [];
  for (const record of records) {
    const { id } = record;
    const lines = shareDifference(record, content);
    if (lines.length === 0) {
      note(`Share ${id} shows this dashboard as it is.`);
      reviews.push({ id, lines, accepted: false });
      continue;
    }
    note(`The dashboard has changed since share ${id} was made:`);
    for (const line of lines) note(`  ${line}`);
    const accepted =
      context.flags['accept-changes'] === true ||
      (context.interactive && (await context.confirm(`Accept this for share ${id}?`)));
    if (accepted) await gateway.shares.change(id, content);
    else
      note(
        `Share ${id} stays as it was. To accept: share --dashboard ${record.dashboard.id} --accept-changes`,
      );
    reviews.push({ id, lines, accepted });
  }
  return reviews;
}
