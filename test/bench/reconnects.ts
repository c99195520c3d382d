import { fork } from 'node:child_process';
import { createServer, connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { startRelay } from '../../local/relay/relay.ts';
import { hour } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { createSasToken } from '../../shared/tunnel/sas-token.ts';
import { figure, type BenchResult } from './result.ts';

const few = 10;
const many = 10_000;
const path = 'bench';
const key = 'Zm9yIGJlbmNobWFya3Mgb25seSwgbGlzdGVuaW5nICA';

const messageSchema = z.union([
  z.object({ connected: z.number() }),
  z.object({
    held: z.object({
      heap: z.number(),
      rss: z.number(),
      handles: z.number(),
      resources: z.number(),
      logLines: z.number(),
    }),
  }),
]);
type Held = Extract<z.infer<typeof messageSchema>, { held: unknown }>['held'];

/** Between gateway and relay: a wire that can be cut, or not be there at all. */
async function startWire(target: string) {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let refuse = false;
  const server = createServer((near) => {
    if (refuse) return near.resetAndDestroy();
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  const cut = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    authority: `127.0.0.1:${address.port}`,
    cut,
    /** Connections end as soon as they are made, for that long. */
    async refuseFor(milliseconds: number) {
      refuse = true;
      cut();
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      refuse = false;
    },
    close: () => {
      cut();
      server.close();
    },
  };
}

/** What a gateway holds after 10,000 reconnects, against what it held after 10. */
export async function benchReconnects(): Promise<BenchResult[]> {
  const keys = { listen: { key, rights: ['Listen' as const] } };
  const relay = await startRelay({ port: 0, keys, log: silentLog, clock: systemClock });
  const wire = await startWire(relay.endpoint);
  const expiresAt = systemClock.now() + 5 * hour;
  const token = createSasToken({ resource: `http://127.0.0.1/${path}`, keyName: 'listen', key, expiresAt });
  const grant = { endpoint: `ws://${wire.authority}`, path, token, expiresAt };
  const gateway = fork(join(import.meta.dirname, 'reconnects/listener-program.js'), [JSON.stringify(grant)], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let onConnected: (count: number) => void = () => {};
  let onHeld: (held: Held) => void = () => {};
  gateway.on('message', (message) => {
    const said = messageSchema.parse(message);
    if ('connected' in said) onConnected(said.connected);
    else onHeld(said.held);
  });
  const connections = (wanted: number) =>
    new Promise<void>((resolve) => {
      onConnected = (count) => {
        if (count >= wanted) return resolve();
        // Some of the time nobody answers for a moment, which fails many attempts in a row.
        if (count % 1000 === 0) void wire.refuseFor(200);
        else wire.cut();
      };
    });
  const held = async (): Promise<Held> => {
    // Sockets that ended a moment ago are gone then.
    await new Promise((resolve) => setTimeout(resolve, 500));
    return new Promise((resolve) => {
      onHeld = resolve;
      gateway.send('measure');
    });
  };
  try {
    await connections(few + 1);
    const early = await held();
    const late = connections(many + 1);
    wire.cut();
    await late;
    const after = await held();
    const peer = (value: number) => ({ name: `after ${few}`, value });
    const name = (what: string) => `gateway after ${many} reconnects, ${what}`;
    const megabytes = (bytes: number) => bytes / 1e6;
    return [
      figure(name('heap'), 'MB', megabytes(after.heap), peer(megabytes(early.heap)), {
        bound: 'at most',
        value: Number(megabytes(1.25 * early.heap).toFixed(2)),
      }),
      figure(name('resident memory'), 'MB', megabytes(after.rss), peer(megabytes(early.rss))),
      figure(name('file handles'), '', after.handles, peer(early.handles), {
        bound: 'at most',
        value: early.handles,
      }),
      figure(name('timers and sockets'), '', after.resources, peer(early.resources), {
        bound: 'at most',
        value: early.resources,
      }),
      figure(name('lines logged'), '', after.logLines, peer(early.logLines)),
    ];
  } finally {
    gateway.disconnect();
    wire.close();
    await relay.close();
  }
}
