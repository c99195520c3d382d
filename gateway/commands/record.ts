import { writeFile } from 'node:fs/promises';
import { second } from '../../shared/clock.ts';
import { GatewayError, wordsOf } from '../gateway-error.ts';
import { launchBrowser } from '../recording/browser.ts';
import { recordDashboard } from '../recording/dashboard-recording.ts';
import { harOf } from '../recording/recorded-request.ts';
import { withTemporaryUser } from '../shares/temporary-user.ts';
import { list, text, type Command, type CommandContext } from './command.ts';

function count(context: CommandContext, name: string, usual: number, least: number, most: number): number {
  const given = text(context, name);
  if (given === undefined) return usual;
  const value = /^\d{1,6}$/.test(given) ? Number(given) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new GatewayError('usage', `--${name} ${given}: give a number from ${least} to ${most}.`);
}

/** The dashboard's address, which must be one of the application that this gateway forwards to. */
function addressOf(word: string | undefined, upstream: URL): URL {
  if (word === undefined) throw new GatewayError('usage', 'Name the dashboard: record URL, or record /PATH.');
  const url = URL.parse(word, upstream);
  if (url?.origin === upstream.origin) return url;
  throw new GatewayError(
    'usage',
    `${word} is not at ${upstream.origin}, the application this gateway forwards to.`,
  );
}

export const recordCommand: Command = {
  summary: 'records the calls of a dashboard in a headless browser, for share --har',
  usage: `record URL [--out FILE] [--rounds 3] [--seconds 12] [--dashboard ID] [--item ID]... [--browser FILE] [--json]`,
  mostWords: 1,
  options: {
    out: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    dashboard: { type: 'string' },
    item: { type: 'string', multiple: true },
    browser: { type: 'string' },
  },
  async run(context) {
    const { gateway, note, print } = context;
    const url = addressOf(context.words[0], gateway.configuration.upstream);
    const rounds = count(context, 'rounds', 3, 2, 50);
    const seconds = count(context, 'seconds', 12, 1, 600);
    const out = text(context, 'out') ?? 'dashboard.har';
    const id = text(context, 'dashboard') ?? url.pathname;
    const known = await gateway.adapter.describeDashboard(id);
    const dashboard = {
      id,
      title: known?.title ?? id,
      entryPath: url.pathname + url.search,
      items: list(context, 'item').length > 0 ? list(context, 'item') : (known?.items ?? []),
    };
    const browser = await launchBrowser(text(context, 'browser'));
    try {
      const requests = await withTemporaryUser(gateway.adapter, gateway.random, dashboard, (credentials) =>
        recordDashboard(
          browser,
          gateway.clock,
          { url, rounds, stay: seconds * second, credentials, anyCertificate: gateway.ca !== undefined },
          note,
        ),
      );
      const har = harOf(requests, gateway.approval.application);
      await writeFile(out, JSON.stringify(har, null, 2), { mode: 0o600 }).catch((error: unknown) => {
        throw new GatewayError('usage', `${out} cannot be written: ${wordsOf(error)}`);
      });
      if (context.json) print(JSON.stringify({ file: out, calls: requests.length }, null, 2));
      else {
        print(`${requests.length} calls are recorded in ${out}.`);
        print(
          `Share it with: share --dashboard ${id} --path ${url.pathname}${url.search} --har ${out} --to ADDRESS`,
        );
      }
      return 0;
    } finally {
      await browser.close();
    }
  },
};
