import { run } from '../run.ts';
import type { Command } from './command.ts';

export const runCommand: Command = {
  summary: 'holds the tunnel, renews the credentials, serves the local API',
  usage: 'run',
  options: {},
  async run({ gateway, print }) {
    const stop = new AbortController();
    const end = () => stop.abort();
    process.once('SIGTERM', end);
    process.once('SIGINT', end);
    // Started by another program: end with it.
    process.once('disconnect', end);
    await run(gateway, (console) => print(JSON.stringify({ ready: true, console })), stop.signal);
    return 0;
  },
};
