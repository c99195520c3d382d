import { readdirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { createTunnelListener, type ListenerGrant } from '../../../gateway/tunnel/listener.ts';
import type { Log } from '../../../shared/log.ts';
import { systemClock, systemRandom } from '../../../shared/system-clock.ts';

/**
 * A gateway's listener in a process of its own, which says what it holds. Its waits between attempts take no time.
 *
 * Argument: the grant, as JSON. Message `measure`: what is held now. `--expose-gc` is needed.
 */
const grant = JSON.parse(process.argv[2] ?? '') as ListenerGrant;
let logLines = 0;
let connected = 0;
const line = () => void logLines++;
const log: Log = { info: line, warn: line, error: line };

createTunnelListener({
  connect: async () => grant,
  handle: async () => ({ status: 204, headers: {} }),
  clock: systemClock,
  random: systemRandom,
  log,
  wait: async () => void (await setImmediate()),
  onState: ({ kind }) => {
    if (kind === 'connected') process.send?.({ connected: ++connected });
  },
});

process.on('message', () => {
  // All that can go goes, also what V8 keeps for later; twice, for what finalizers let go of.
  for (let turn = 0; turn < 2; turn++) {
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }
  const { heapUsed, rss } = process.memoryUsage();
  process.send?.({
    held: {
      heap: heapUsed,
      rss,
      // Reading the folder opens it for that time, always one.
      handles: readdirSync('/proc/self/fd').length - 1,
      resources: process.getActiveResourcesInfo().length,
      logLines,
    },
  });
});
process.once('disconnect', () => process.exit(0));
