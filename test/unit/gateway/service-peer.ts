import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a test lets the service answer. */
export interface PeerAnswer {
  readonly status: number;
  readonly json?: unknown;
  readonly headers?: Record<string, string>;
  /** Cuts the connection instead of answering. */
  readonly cut?: boolean;
}

export interface PeerRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly form: Record<string, string>;
  readonly json: unknown;
}

type Handler = (request: PeerRequest) => PeerAnswer | Promise<PeerAnswer>;

/**
 * The service as its protocol describes it, from outside: OAuth metadata of its own, everything else as the test says.
 */
export interface ServicePeer {
  readonly origin: string;
  readonly requests: PeerRequest[];
  /** Sets the answer to a route such as `POST /oauth/token`; the last one set counts. */
  on(route: string, answer: PeerAnswer | Handler): void;
  close(): Promise<void>;
}

export const ok = (json: unknown): PeerAnswer => ({ status: 200, json });

export async function startServicePeer(): Promise<ServicePeer> {
  const routes = new Map<string, Handler>();
  const requests: PeerRequest[] = [];
  const server = createServer((request, response) => void answer(request, response));

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    let text = '';
    for await (const chunk of incoming) text += String(chunk);
    const isForm = incoming.headers['content-type'] === 'application/x-www-form-urlencoded';
    const request: PeerRequest = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      form: isForm ? Object.fromEntries(new URLSearchParams(text)) : {},
      json: !isForm && text !== '' ? JSON.parse(text) : undefined,
    };
    requests.push(request);
    const handler: Handler = routes.get(`${request.method} ${request.path}`) ?? (() => ({ status: 404 }));
    const { status, json, headers, cut } = await handler(request);
    if (cut === true) {
      incoming.socket.destroy();
      return;
    }
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(json === undefined ? undefined : JSON.stringify(json));
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const peer: ServicePeer = {
    origin,
    requests,
    on: (route, answer) => routes.set(route, typeof answer === 'function' ? answer : () => answer),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  peer.on('GET /.well-known/oauth-authorization-server', ok(metadataOf(origin)));
  return peer;
}

export const metadataOf = (origin: string) => ({
  issuer: origin,
  device_authorization_endpoint: `${origin}/oauth/device`,
  token_endpoint: `${origin}/oauth/token`,
  revocation_endpoint: `${origin}/oauth/revoke`,
});

/** A token answer; `serial` makes one different from the next. */
export const tokensOf = (serial: number) => ({
  access_token: `access-${serial}`,
  token_type: 'Bearer',
  expires_in: 604_800,
  refresh_token: `refresh-${serial}`,
  system_id: 'sys-1',
  system_name: 'North site',
  organization_name: 'Hill Radio',
  gateway_id: 'gw-1',
});
