import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** How the network between two programs behaves. */
export type Weather =
  /** Carries everything. */
  | 'fair'
  /** Carries nothing, and does not say so; also new connections are swallowed. */
  | 'silent'
  /** Nobody listens. */
  | 'refusing'
  /** Connections are accepted and cut by a reset. */
  | 'resetting'
  /** Connections are accepted and closed politely, at once. */
  | 'closing';

export interface FaultProxy {
  readonly authority: string;
  readonly port: number;
  set(weather: Weather): Promise<void>;
  /** Milliseconds by which every piece is late, by the global timers. */
  delay(milliseconds: number): void;
  /** From now on the connections of this moment carry nothing, and do not say so; new ones do. */
  freeze(): void;
  /** Closes the far ends of all connections and tells the near ones nothing: half-open. */
  halfOpen(): void;
  /** Closes everything. */
  cut(): void;
  /** Sockets, two for each connection. */
  sockets(): number;
  /** How many connections were accepted so far. */
  accepted(): number;
  /** Grows with every piece that arrives, so that a test can tell when all is quiet. */
  activity(): number;
  close(): Promise<void>;
}

/** A TCP proxy that does to connections what networks do. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const { hostname, port: targetPort } = new URL(target);
  const open = new Set<Socket>();
  const frozen = new WeakSet<Socket>();
  let weather: Weather = 'fair';
  let late = 0;
  let accepted = 0;
  let activity = 0;

  const isLost = (socket: Socket) => frozen.has(socket) || weather === 'silent';

  function join(from: Socket, to: Socket): void {
    open.add(from);
    from.on('data', (chunk) => {
      activity++;
      if (isLost(from)) frozen.add(from).add(to);
      else if (late === 0) to.write(chunk);
      else setTimeout(() => to.write(chunk), late);
    });
    from.on('error', () => {});
    from.on('close', () => {
      activity++;
      open.delete(from);
      // What is lost is also the word that it is over.
      if (!isLost(from)) to.destroy();
    });
  }

  let server: Server;
  async function listen(port: number): Promise<number> {
    server = createServer((near) => {
      accepted++;
      activity++;
      near.on('error', () => {});
      if (weather === 'resetting') return void near.resetAndDestroy();
      if (weather === 'closing') return void near.end(() => near.destroy());
      if (weather === 'silent') {
        frozen.add(near);
        open.add(near);
        near.on('close', () => open.delete(near));
        near.resume();
        return;
      }
      const far = connect(Number(targetPort), hostname);
      join(near, far);
      join(far, near);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  const port = await listen(0);
  const cut = () => open.forEach((socket) => socket.destroy());

  return {
    authority: `127.0.0.1:${port}`,
    port,
    async set(next) {
      const was = weather;
      weather = next;
      if (next === 'silent') open.forEach((socket) => frozen.add(socket));
      if (next === 'resetting') open.forEach((socket) => socket.resetAndDestroy());
      if (next === 'closing' || next === 'refusing') cut();
      if (next === 'refusing' && was !== 'refusing') {
        server.close();
        await once(server, 'close');
      }
      if (next !== 'refusing' && was === 'refusing') await listen(port);
    },
    delay: (milliseconds) => void (late = milliseconds),
    freeze: () => open.forEach((socket) => frozen.add(socket)),
    halfOpen() {
      for (const socket of open) frozen.add(socket);
      for (const socket of open) if (socket.remotePort === Number(targetPort)) socket.destroy();
    },
    cut,
    sockets: () => open.size,
    accepted: () => accepted,
    activity: () => activity,
    async close() {
      cut();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}
