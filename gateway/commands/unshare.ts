import { GatewayError } from '../gateway-error.ts';
import type { Command } from './command.ts';

export const unshareCommand: Command = {
  summary: 'ends a share: its links are dead at once',
  usage: 'unshare ID',
  mostWords: 1,
  options: {},
  async run({ gateway, words, json, print }) {
    const [id] = words;
    if (id === undefined) throw new GatewayError('usage', 'Name one share: unshare ID');
    await gateway.shares.end(id);
    if (json) print(JSON.stringify({ id, status: 'ended' }));
    else print('Ended. Its links are dead.');
    return 0;
  },
};
