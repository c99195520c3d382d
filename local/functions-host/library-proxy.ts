import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { Agent, Server, type IncomingMessage } from 'node:http';
import type { ProgrammingModel } from './core-types.ts';

export const invocationIdField = 'x-ms-invocation-id';

/** The library's own HTTP server, through which it receives and answers the requests of HTTP triggers. */
export interface LibraryProxy {
  readonly agent: Agent;
  readonly host: string;
  readonly port: number;
  /** Calls back once, when the library has taken the request of that invocation. */
  whenTaken(invocationId: string, taken: () => void): void;
  /** The invocation's request will not come any more. */
  forget(invocationId: string): void;
  close(): void;
}

/**
 * Has the library open its server and finds out where. The library would listen on every interface of the
 * machine; it is made to listen on the loopback interface only.
 * @throws Error when the app has not called `app.setup({ enableHttpStream: true })`
 */
export async function openLibraryProxy(model: ProgrammingModel): Promise<LibraryProxy> {
  const opened: Server[] = [];
  const onListen = (message: unknown) => {
    if (!isListenMessage(message)) return;
    message.options.host = '127.0.0.1';
    opened.push(message.server);
  };
  const channel = 'tracing:net.server.listen:asyncStart';
  subscribe(channel, onListen);
  const capabilities = model.getCapabilities?.({});
  unsubscribe(channel, onListen);
  const { HttpUri: uri } = (await capabilities) ?? {};
  const [server] = opened;
  if (uri === undefined || server === undefined) {
    throw new Error(
      'HTTP functions need app.setup({ enableHttpStream: true }); nothing else is served here.',
    );
  }
  if (!server.listening) await once(server, 'listening');
  return libraryProxy(server);
}

function isListenMessage(message: unknown): message is { server: Server; options: { host?: string } } {
  return (
    typeof message === 'object' &&
    message !== null &&
    'server' in message &&
    message.server instanceof Server &&
    'options' in message &&
    typeof message.options === 'object'
  );
}

function libraryProxy(server: Server): LibraryProxy {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The library listens on no port.');
  const waiting = new Map<string, () => void>();
  // The library's own listener comes first, so the library knows the request when this one runs.
  server.on('request', (request: IncomingMessage) => {
    const id = request.headers[invocationIdField];
    if (typeof id !== 'string') return;
    const taken = waiting.get(id);
    waiting.delete(id);
    taken?.();
  });
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 256 });
  return {
    agent,
    host: address.address,
    port: address.port,
    whenTaken: (id, taken) => void waiting.set(id, taken),
    forget: (id) => void waiting.delete(id),
    close: () => {
      agent.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
}
