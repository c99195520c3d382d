import { consoleLink } from '../console/console-client.ts';
import { GatewayError } from '../gateway-error.ts';
import type { Command } from './command.ts';

export const consoleCommand: Command = {
  summary: 'prints a link to the local console, good once, for five minutes',
  usage: 'console [--json]',
  options: {},
  async run({ gateway, json, print }) {
    const link = await consoleLink(gateway.configuration.stateDir, gateway.http, gateway.random);
    if (link === undefined) throw new GatewayError('usage', 'The gateway does not run: start it with `run`.');
    print(json ? JSON.stringify({ link }) : link);
    return 0;
  },
};
