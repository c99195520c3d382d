import { text, type Command, type CommandContext } from './command.ts';

export const sharesCommand: Command = {
  summary: 'lists what this system shows, and to whom',
  usage: 'shares [--refused ID] [--json]',
  options: { refused: { type: 'string' } },
  async run(context) {
    const { gateway, json, print } = context;
    const of = text(context, 'refused');
    if (of !== undefined) return listRefused(context, of);
    const all = await gateway.service.shares();
    const open = all.filter(({ status }) => status === 'active' || status === 'paused');
    if (json) print(JSON.stringify({ shares: open }, null, 2));
    else if (open.length === 0) print('Nothing is shared.');
    else {
      for (const { id, status, dashboard, recipients, expiresAt, gatewayAllowlistId } of open) {
        print(`${id}  ${status}  ${dashboard.title}${expiresAt === undefined ? '' : `  until ${expiresAt}`}`);
        if (gatewayAllowlistId !== undefined) print(`    a change made in the portal waits: accept ${id}`);
        for (const { email, lastOpenedAt } of recipients) {
          print(
            `    ${email}  ${lastOpenedAt === undefined ? 'not opened yet' : `last opened ${lastOpenedAt}`}`,
          );
        }
      }
    }
    return 0;
  },
};

/** What viewers asked for in vain, and how it differs from what they may. */
async function listRefused({ gateway, json, print }: CommandContext, id: string): Promise<number> {
  const calls = await gateway.service.refusals(id);
  if (json) print(JSON.stringify({ calls }, null, 2));
  else if (calls.length === 0) print('Nothing was refused in the last 30 days.');
  else {
    for (const { id: call, by, method, target, difference, times, lastAt, admissible } of calls) {
      print(`${call}  ${method} ${target}`);
      print(`    ${difference}`);
      print(`    ${times === 1 ? 'once' : `${times} times`}, last ${lastAt}, refused by the ${by}`);
      print(`    ${admissible ? `admit ${id} ${call}` : 'cannot be admitted'}`);
    }
  }
  return 0;
}
