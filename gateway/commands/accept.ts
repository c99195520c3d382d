import { GatewayError } from '../gateway-error.ts';
import { agreed } from './agreement.ts';
import type { Command } from './command.ts';

/** The on-prem side has the last word on what an owner admitted in the portal. */
export const acceptCommand: Command = {
  summary: 'accepts, or declines, what was changed in the portal',
  usage: 'accept ID [--decline] [--yes] [--json]',
  mostWords: 1,
  options: { decline: { type: 'boolean' }, yes: { type: 'boolean', short: 'y' } },
  async run(context) {
    const { gateway, words, flags, json, print, note } = context;
    const [id] = words;
    if (id === undefined) throw new GatewayError('usage', 'Name one share: accept ID');
    const record = await gateway.shares.record(id);
    const offer = await gateway.shares.offered(id);
    const done = (outcome: 'accepted' | 'declined' | 'nothing') =>
      print(
        json
          ? JSON.stringify({ id, outcome, lines: offer?.lines ?? [] })
          : { accepted: 'Accepted.', declined: 'Declined.', nothing: 'Nothing waits here.' }[outcome],
      );
    if (!offer) {
      done('nothing');
      return 0;
    }
    note(`The portal changes what "${record.dashboard.title}" may call:`);
    for (const line of offer.lines) note(`  ${line}`);
    if (flags.decline === true) {
      await gateway.shares.change(id, { allowlist: record.allowlist });
      done('declined');
      return 0;
    }
    if (!(await agreed(context, 'Accept it?'))) return 1;
    await gateway.shares.change(id, offer.content);
    done('accepted');
    return 0;
  },
};
