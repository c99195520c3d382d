import { disconnect } from '../disconnect.ts';
import type { Command } from './command.ts';

export const disconnectCommand: Command = {
  summary: 'disconnects the system: its tokens and shares end',
  usage: `disconnect [--this-gateway] [--yes]

  --this-gateway   only this gateway leaves; the system, its shares and its other gateways go on`,
  options: { 'this-gateway': { type: 'boolean' }, yes: { type: 'boolean', short: 'y' } },
  async run({ gateway, flags, interactive, confirm, json, print, note }) {
    const credentials = await gateway.store.read();
    const alone = flags['this-gateway'] === true;
    if (interactive && flags.yes !== true && credentials) {
      const question = alone
        ? `Remove this gateway from ${credentials.systemName}? The system and its shares go on.`
        : `Disconnect ${credentials.systemName} with all its gateways? Its shares end for good. (--this-gateway removes only this one.)`;
      if (!(await confirm(question))) return 1;
    }
    const outcome = await disconnect(gateway, alone ? 'gateway' : undefined);
    await gateway.shares.endAllLocally();
    if (json) print(JSON.stringify({ outcome: outcome.kind }));
    switch (outcome.kind) {
      case 'disconnected':
        if (!json)
          print(
            alone
              ? 'Removed this gateway. The system and its shares go on.'
              : 'Disconnected. Its tokens and shares have ended.',
          );
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
