import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Clock } from '../../shared/clock.ts';
import { startConnectProxy } from './connect-proxy.ts';
import { startLoopbackIdentity } from './loopback-identity.ts';
import { listenOnLoopback } from './loopback-listen.ts';
import { loopbackLeaf } from './test-authority.ts';

interface StoredVersion {
  readonly version: string;
  readonly value: string;
  readonly attributes: { enabled: boolean; created: number; updated: number; nbf?: number; exp?: number };
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

type Trouble =
  | { readonly kind: 'dead' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number; times?: number };

export interface NewVersion {
  readonly value?: string;
  readonly enabled?: boolean;
  /** Milliseconds since 1970. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

const resource = 'https://vault.azure.net';
const vaultUrl = 'https://drawbridge-test.vault.azure.net';

/**
 * A Key Vault as its REST API is documented (version 7.4 and newer), over TLS below the real domain, with the
 * managed identity that may read it. Set `settings` in the environment, trust the test authority, and the
 * unmodified SDKs find it.
 */
export async function startLoopbackKeyVault(clock: Clock) {
  const identity = await startLoopbackIdentity();
  const secrets = new Map<string, StoredVersion[]>();
  const untouched = () => ({
    trouble: undefined as Trouble | undefined,
    /** `GET /secrets/...` of every request that was let in. */
    requests: [] as string[],
    /** Those that arrived, let in or not. */
    arrivals: 0,
    refused: false,
    challenged: 0,
    challengeResource: resource,
    pageSize: 25,
  });
  const state = untouched();

  const answer = (request: IncomingMessage, response: ServerResponse, body: string) => {
    const reply = (status: number, content: object, headers: Record<string, string> = {}) =>
      void response
        .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
        .end(JSON.stringify(content));
    const fail = (status: number, code: string, message: string, headers?: Record<string, string>) =>
      reply(status, { error: { code, message } }, headers);

    state.arrivals++;
    const { trouble } = state;
    if (trouble?.kind === 'dead') return void request.socket.destroy();
    if (trouble?.kind === 'status' && (trouble.times === undefined || trouble.times-- > 0))
      return fail(
        trouble.status,
        trouble.status === 429 ? 'Throttled' : 'InternalServerError',
        'Trouble.',
        trouble.retryAfter === undefined ? {} : { 'retry-after': String(trouble.retryAfter) },
      );

    const token = identity.state.tokens.get(
      /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '',
    );
    if (token?.resource !== resource) {
      state.challenged++;
      const authority = 'https://login.microsoftonline.com/2b4ce6b5-5d1c-4a7a-9f3e-3f1d6a0d3a11';
      return fail(401, 'Unauthorized', 'AKV10000: Request is missing a Bearer or PoP token.', {
        'www-authenticate': `Bearer authorization="${authority}", resource="${state.challengeResource}"`,
      });
    }
    if (state.refused) return fail(403, 'Forbidden', 'Caller is not authorized to perform action.');
    const { pathname, searchParams } = new URL(request.url ?? '/', vaultUrl);
    state.requests.push(`${request.method} ${pathname}`);
    if (!searchParams.has('api-version')) return fail(400, 'BadParameter', 'api-version must be specified');

    const [, kind, name = '', version = ''] = pathname.split('/');
    const versions = secrets.get(name) ?? [];
    const identifier = (each: StoredVersion) => `${vaultUrl}/secrets/${name}/${each.version}`;
    const attributes = (each: StoredVersion) => ({
      ...each.attributes,
      recoveryLevel: 'Recoverable+ProtectedSubscription',
      recoverableDays: 90,
    });
    if (kind !== 'secrets') return fail(404, 'NotFound', 'No such collection.');
    if (request.method === 'PUT' && version === '') {
      const { value } = JSON.parse(body) as { value: string };
      const made = make(name, { value });
      return reply(200, { value, id: identifier(made), attributes: attributes(made) });
    }
    if (request.method !== 'GET') return fail(405, 'MethodNotAllowed', 'Not allowed.');
    if (version === 'versions') {
      const sorted = versions.toSorted((a, b) => (a.version < b.version ? -1 : 1));
      const from = Number(searchParams.get('$skiptoken') ?? 0);
      const until = from + state.pageSize;
      const next = `${vaultUrl}:443/secrets/${name}/versions?api-version=7.4&$skiptoken=${until}`;
      return reply(200, {
        value: sorted
          .slice(from, until)
          .map((each) => ({ id: identifier(each), attributes: attributes(each), tags: each.tags })),
        nextLink: until < sorted.length ? next : null,
      });
    }
    const found =
      version === '' ? versions.at(-1) : versions.find((candidate) => candidate.version === version);
    if (found === undefined)
      return fail(404, 'SecretNotFound', `A secret with (name/id) ${name} was not found in this key vault.`);
    if (!found.attributes.enabled)
      return fail(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.');
    return reply(200, { value: found.value, id: identifier(found), attributes: attributes(found) });
  };

  const server = createServer(loopbackLeaf, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks).toString()));
    request.on('error', () => {});
  });
  const { port, close } = await listenOnLoopback(server);
  const proxy = await startConnectProxy('vault.azure.net', port);

  /** What an operator does: a new version of a secret. */
  function make(
    name: string,
    { value, enabled = true, notBefore, notAfter, tags }: NewVersion = {},
  ): StoredVersion {
    const created = Math.floor(clock.now() / 1000);
    const made: StoredVersion = {
      version: randomBytes(16).toString('hex'),
      value: value ?? randomBytes(32).toString('base64'),
      tags,
      attributes: {
        enabled,
        created,
        updated: created,
        ...(notBefore !== undefined && { nbf: Math.floor(notBefore / 1000) }),
        ...(notAfter !== undefined && { exp: Math.floor(notAfter / 1000) }),
      },
    };
    secrets.set(name, [...(secrets.get(name) ?? []), made]);
    return made;
  }

  return {
    url: vaultUrl,
    state,
    identity: identity.state,
    make,
    setEnabled(name: string, version: string, enabled: boolean) {
      for (const each of secrets.get(name) ?? [])
        if (each.version === version) each.attributes.enabled = enabled;
    },
    settings: {
      ...identity.settings,
      HTTPS_PROXY: proxy.url,
      NO_PROXY: '127.0.0.1',
    },
    /** Empties it. The SDK reads where the identity is once a process, so tests of one file share a vault. */
    reset() {
      secrets.clear();
      Object.assign(state, untouched());
      Object.assign(identity.state, { out: false, asked: [] });
    },
    close: async () => {
      await Promise.all([proxy.close(), close(), identity.close()]);
    },
  };
}

export type LoopbackKeyVault = Awaited<ReturnType<typeof startLoopbackKeyVault>>;
