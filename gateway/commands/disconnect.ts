import { disconnect } from '../disconnect.ts';
import type { Command } from './command.ts';

export const disconnectCommand: Command = {
  summary: 'disconnects the system: its tokens and shares end',
  usage: 'disconnect [--yes]',
  options: { yes: { type: 'boolean', short: 'y' } },
  async run({ gateway, flags, interactive, confirm, json, print, note }) {
    const credentials = await gateway.store.read();
    if (interactive && flags.yes !== true && credentials) {
      if (!(await confirm(`Disconnect ${credentials.systemName}? Its shares end for good.`))) return 1;
    }
    const outcome = await disconnect(gateway);
    await gateway.shares.endAllLocally();
    if (json) print(JSON.stringify({ outcome: outcome.kind }));
    switch (outcome.kind) {
      case 'disconnected':
        if (!json) print('Disconnected. Its tokens and shares have ended.');
        return 0;
      case 'was-not-connected':
        if (!json) print('This gateway was not connected.');
        return 0;
      case 'untold':
        note(`Disconnected here; the service will hear of it when it can be reached (${outcome.why}).`);
        return 0;
    }
  },
};
