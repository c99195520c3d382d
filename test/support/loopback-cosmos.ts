import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createHttpsServer } from '@vercel/cosmosdb-server';
import { cosmosDocumentStore } from '../../shared/store/cosmos-document-store.ts';
import { silentLog, type Log } from '../../shared/log.ts';
import { systemRandom } from '../../shared/system-clock.ts';
import { listenOnLoopback } from './loopback-listen.ts';
import { loopbackLeaf, trustTestAuthority } from './test-authority.ts';

/** Looks at a request before the emulator does. @returns true when it has answered */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean;

/** An emulator of Cosmos DB over TLS, for the unmodified SDK in this process. */
export async function startLoopbackCosmos() {
  const distrust = trustTestAuthority();
  const server = createHttpsServer(loopbackLeaf);
  const state = {
    intercept: undefined as Intercept | undefined,
    /** Method and kind of each request for documents. */
    operations: [] as string[],
  };
  const [emulate] = server.listeners('request') as ((
    request: IncomingMessage,
    response: ServerResponse,
  ) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const operation = operationOf(request);
    if (operation !== undefined) state.operations.push(operation);
    if (state.intercept?.(request, response) !== true) emulate?.(request, response);
  });
  const { port, close } = await listenOnLoopback(server);
  const endpoint = `https://127.0.0.1:${port}`;
  return {
    endpoint,
    key: 'ZW11bGF0b3I=',
    state,
    /** A store on a database of its own, or on one that another store has made. */
    open: (database: string = randomUUID(), log: Log = silentLog) =>
      cosmosDocumentStore({
        endpoint,
        database,
        key: 'ZW11bGF0b3I=',
        clientId: undefined,
        random: systemRandom,
        log,
      }),
    close: async () => {
      distrust();
      await close();
    },
  };
}

export type LoopbackCosmos = Awaited<ReturnType<typeof startLoopbackCosmos>>;

/** `read shares`, `create shares`, `query shares` and so on; undefined for what is not about documents. */
function operationOf({ method, url = '', headers }: IncomingMessage): string | undefined {
  const [, container, id] = /\/colls\/([^/]+)\/docs(?:\/([^/]+))?$/.exec(url) ?? [];
  if (container === undefined || headers['x-ms-cosmos-is-query-plan-request'] !== undefined) return undefined;
  if (headers['x-ms-documentdb-isquery'] !== undefined || (id === undefined && method === 'GET'))
    return `query ${container}`;
  const names: Record<string, string> = { GET: 'read', POST: 'create', PUT: 'replace', DELETE: 'remove' };
  return `${names[method ?? ''] ?? method} ${container}`;
}
