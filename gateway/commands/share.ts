import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { describeAllowlist } from '../../shared/allowlist/describe.ts';
import type { KnownDashboard } from '../adapters/on-prem-adapter.ts';
import { GatewayError, systemCodeOf } from '../gateway-error.ts';
import { allowlistFrom, type CallSource } from '../shares/dashboard-calls.ts';
import { list, text, type Command, type CommandContext } from './command.ts';
import { readExpiry } from './expiry.ts';
import { reviewShares, sharesOf } from './share-review.ts';

async function readJsonFile(file: string): Promise<unknown> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    throw new GatewayError('usage', `${file} cannot be read: ${systemCodeOf(error) ?? 'unknown fault'}.`);
  }
  try {
    return JSON.parse(content);
  } catch {
    throw new GatewayError('usage', `${file} is not valid JSON.`);
  }
}

async function callSource(context: CommandContext, known: KnownDashboard | undefined): Promise<CallSource> {
  const hars = list(context, 'har');
  const calls = text(context, 'calls');
  if (hars.length > 0 && calls !== undefined)
    throw new GatewayError('usage', 'Give --har or --calls, not both.');
  if (hars.length > 0) return { kind: 'har', recordings: await Promise.all(hars.map(readJsonFile)) };
  if (calls !== undefined) return { kind: 'calls', calls: await readJsonFile(calls) };
  if (known) return { kind: 'calls', calls: known.calls };
  throw new GatewayError(
    'usage',
    'Say which calls the dashboard makes: --har FILE (a recording from your browser) or --calls FILE (a list).',
  );
}

/** Who sits here; in a container without user names nobody in particular. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'an administrator';
  }
}

const mostShown = 40;

export const shareCommand: Command = {
  summary: 'shows one dashboard to the named people',
  usage: `share --dashboard ID [--to ADDRESS]... [--title T] [--path /ENTRY] [--item ID]...
        [--message TEXT] [--expires 30d|TIME] [--shared-by NAME] [--har FILE]... [--calls FILE]
        [--accept-changes] [--yes] [--json]

A dashboard that is shared already: shows what has changed since, and asks. Without --to it makes no further share.`,
  options: {
    dashboard: { type: 'string' },
    title: { type: 'string' },
    path: { type: 'string' },
    item: { type: 'string', multiple: true },
    to: { type: 'string', multiple: true },
    message: { type: 'string' },
    expires: { type: 'string' },
    'shared-by': { type: 'string' },
    har: { type: 'string', multiple: true },
    calls: { type: 'string' },
    'accept-changes': { type: 'boolean' },
    yes: { type: 'boolean', short: 'y' },
  },
  async run(context) {
    const { gateway, json, print, note } = context;
    const id = text(context, 'dashboard');
    const recipients = list(context, 'to');
    const shared = id === undefined ? [] : await sharesOf(context, id);
    if (id === undefined || (recipients.length === 0 && shared.length === 0)) {
      throw new GatewayError(
        'usage',
        'Name the dashboard and at least one recipient: --dashboard ID --to ADDRESS',
      );
    }
    const expires = text(context, 'expires');
    const expiresAt = expires === undefined ? undefined : readExpiry(expires, gateway.clock);
    const known = await gateway.adapter.describeDashboard(id);
    const before = shared[0]?.dashboard;
    const dashboard = {
      id,
      title: text(context, 'title') ?? known?.title ?? before?.title ?? id,
      entryPath: text(context, 'path') ?? known?.entryPath ?? before?.entryPath ?? '/',
      items: list(context, 'item').length > 0 ? list(context, 'item') : (known?.items ?? before?.items ?? []),
    };
    const source = await callSource(context, known);
    const { allowlist, warnings, ignored } = allowlistFrom(
      source,
      gateway.configuration.upstream,
      dashboard.entryPath,
    );

    const reviews = await reviewShares(context, shared, { dashboard, allowlist });
    if (recipients.length === 0) {
      if (json) print(JSON.stringify({ shares: reviews }, null, 2));
      else for (const { id: of, accepted } of reviews) if (accepted) print(`Share ${of} is changed.`);
      return 0;
    }

    const lines = describeAllowlist(allowlist);
    note(`"${dashboard.title}" may make these calls, and no others:`);
    for (const line of lines.slice(0, mostShown)) note(`  ${line}`);
    if (lines.length > mostShown) note(`  ... and ${lines.length - mostShown} more`);
    for (const warning of warnings) note(`  ! ${warning.text} (rule ${warning.rule}, ${warning.slot})`);
    if (ignored.length > 0)
      note(`  ${ignored.length} recorded calls are left out, such as ${ignored[0]?.url}: ${ignored[0]?.why}`);
    if (context.interactive && context.flags.yes !== true) {
      const agreed = await context.confirm(`Share it with ${recipients.join(', ')}?`);
      if (!agreed) return 1;
    }

    const share = await gateway.shares.create({
      dashboard,
      recipients,
      message: text(context, 'message'),
      expiresAt,
      allowlist,
      sharedBy: text(context, 'shared-by') ?? userName(),
    });
    if (json) print(JSON.stringify(share, null, 2));
    else {
      print(`Shared with ${recipients.join(', ')}: ${share.url}`);
      print(`End it with: unshare ${share.id}`);
    }
    return 0;
  },
};
