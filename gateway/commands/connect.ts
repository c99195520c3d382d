import { connect } from '../connect.ts';
import type { Command } from './command.ts';

export const connectCommand: Command = {
  summary: 'asks for approval in the portal and waits for it',
  usage: 'connect [--json]',
  options: {},
  async run({ gateway, json, print, note }) {
    const outcome = await connect(gateway, (pending) => {
      if (json) {
        note(`Open ${pending.verificationUriComplete} to approve code ${pending.userCode}.`);
        return;
      }
      print('To connect this gateway, an admin of your organization opens');
      print('');
      print(`  ${pending.verificationUriComplete}`);
      print('');
      print(`and approves the code ${pending.userCode}. Waiting; Ctrl-C stops.`);
    });
    switch (outcome.kind) {
      case 'connected': {
        const { systemId, systemName, organizationName } = outcome.credentials;
        if (json)
          print(
            JSON.stringify({
              state: 'connected',
              system: { id: systemId, name: systemName },
              organization: { name: organizationName },
            }),
          );
        else print(`Connected as ${systemName} of ${organizationName}. Start \`run\` to hold the tunnel.`);
        return 0;
      }
      case 'denied':
        note('The request was denied in the portal.');
        return 1;
      case 'withdrawn':
        note('The request ended without an approval. Run `connect` again for a new code.');
        return 1;
      case 'expired':
        note('Nobody decided in time. Run `connect` again for a new code.');
        return 1;
    }
  },
};
