import type { Command } from './command.ts';

export const sharesCommand: Command = {
  summary: 'lists what this system shows, and to whom',
  usage: 'shares [--json]',
  options: {},
  async run({ gateway, json, print }) {
    const all = await gateway.service.shares();
    const open = all.filter(({ status }) => status === 'active' || status === 'paused');
    if (json) print(JSON.stringify({ shares: open }, null, 2));
    else if (open.length === 0) print('Nothing is shared.');
    else {
      for (const { id, status, dashboard, recipients, expiresAt } of open) {
        print(`${id}  ${status}  ${dashboard.title}${expiresAt === undefined ? '' : `  until ${expiresAt}`}`);
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
