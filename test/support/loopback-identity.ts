import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { listenOnLoopback } from './loopback-listen.ts';

/** What App Service offers an app with a managed identity: IDENTITY_ENDPOINT, protocol 2019-08-01. */
export async function startLoopbackIdentity() {
  const header = randomBytes(16).toString('hex');
  const state = {
    out: false,
    /** What was asked for: resource and client id. */
    asked: [] as { resource: string | null; clientId: string | null }[],
    tokens: new Map<string, { resource: string; clientId: string | null }>(),
  };
  const server = createServer((request, response) => {
    const reply = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://identity');
    if (state.out) return void request.socket.destroy();
    if (request.headers['x-identity-header'] !== header)
      return reply(401, { statusCode: 401, message: 'header' });
    const [resource, clientId] = [searchParams.get('resource'), searchParams.get('client_id')];
    if (pathname !== '/msi/token' || searchParams.get('api-version') !== '2019-08-01' || resource === null)
      return reply(400, { statusCode: 400, message: 'resource' });
    state.asked.push({ resource, clientId });
    const token = randomBytes(24).toString('base64url');
    state.tokens.set(token, { resource, clientId });
    return reply(200, {
      access_token: token,
      expires_on: String(Math.floor(Date.now() / 1000) + 24 * 3600),
      resource,
      token_type: 'Bearer',
      client_id: clientId ?? 'system-assigned',
    });
  });
  const { port, close } = await listenOnLoopback(server);
  return {
    state,
    close,
    settings: { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token`, IDENTITY_HEADER: header },
  };
}

export type LoopbackIdentity = Awaited<ReturnType<typeof startLoopbackIdentity>>;
