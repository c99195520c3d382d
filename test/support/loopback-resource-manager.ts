import { createServer, type IncomingMessage } from 'node:http';
import { listenOnLoopback } from './loopback-listen.ts';

export interface StoredSecret {
  readonly value: string;
  readonly attributes: { readonly enabled: boolean; readonly exp?: number; readonly created: number };
  readonly tags?: Readonly<Record<string, string>>;
}

/** As much of Azure Resource Manager as makes secrets and renews the keys of a relay. Like Azure, it gives no value back. */
export async function startLoopbackResourceManager({ now }: { now: () => number }) {
  const secrets = new Map<string, StoredSecret[]>();
  const keys = { primaryKey: base64('primary 0'), secondaryKey: base64('secondary 0') };
  const standbyKeys = { primaryKey: base64('standby 0'), secondaryKey: base64('standby 1') };
  const relayAt = (path: string) => (path.includes('/namespaces/standby/') ? standbyKeys : keys);
  const failures: { status: number; retryAfter?: number }[] = [];
  const asked: string[] = [];
  let renewals = 0;

  const server = createServer((request, response) => {
    void answer(request).then(([status, body, headers]) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    });
  });

  async function answer(request: IncomingMessage): Promise<[number, unknown, Record<string, string>?]> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const text = Buffer.concat((await request.toArray()) as Buffer[]).toString();
    asked.push(`${request.method} ${pathname.split('/').slice(-3).join('/')}`);
    const failure = failures.shift();
    if (failure)
      return [
        failure.status,
        { error: { code: 'TooBusy', message: text } },
        failure.retryAfter === undefined ? {} : { 'retry-after': String(failure.retryAfter) },
      ];
    if (request.headers.authorization !== 'Bearer token') return [401, { error: { code: 'InvalidToken' } }];
    if (!searchParams.has('api-version')) return [400, { error: { code: 'MissingApiVersionParameter' } }];
    if (pathname.endsWith('/regenerateKeys')) {
      const { keyType, key } = JSON.parse(text) as { keyType: string; key?: string };
      const relay = relayAt(pathname);
      relay[keyType === 'PrimaryKey' ? 'primaryKey' : 'secondaryKey'] =
        key ?? base64(`${keyType} ${(renewals += 1)}`);
      return [200, relay];
    }
    if (pathname.endsWith('/listKeys')) return [200, relayAt(pathname)];
    const name = /\/vaults\/[^/]+\/secrets\/([\w-]+)$/.exec(pathname)?.[1] ?? '';
    const versions = secrets.get(name) ?? [];
    if (request.method === 'PUT') {
      const { properties, tags } = JSON.parse(text) as {
        properties: StoredSecret;
        tags?: Record<string, string>;
      };
      const attributes = { ...properties.attributes, created: Math.floor(now() / 1000) };
      secrets.set(name, [{ value: properties.value, attributes, ...(tags && { tags }) }, ...versions]);
      return [200, { name, properties: { attributes } }];
    }
    const [newest] = versions;
    return newest
      ? [200, { name, properties: { attributes: newest.attributes } }]
      : [404, { error: { code: 'SecretNotFound' } }];
  }

  const { port, close } = await listenOnLoopback(server);
  return { origin: `http://127.0.0.1:${port}`, secrets, keys, standbyKeys, failures, asked, close };
}

const base64 = (text: string) => Buffer.from(text.padEnd(32)).toString('base64');
