import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A tiny peer that speaks the gateway program's local API, as far as Hilltop uses it. */
export interface StandInGateway {
  readonly url: string;
  readonly key: string;
  /** What `GET /api/status` answers. */
  status: Record<string, unknown>;
  shares: Record<string, unknown>[];
  /** How every dashboard differs from what is shared of it. */
  difference: string[];
  /** When set, every request but the status is refused with it. */
  refusal: { status: number; document: Record<string, unknown> } | undefined;
  readonly received: { method: string; path: string; authorization: string; body: unknown }[];
  close(): Promise<void>;
}

export async function startStandInGateway(): Promise<StandInGateway> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = await readBody(request);
      const path = request.url ?? '';
      const method = request.method ?? '';
      gateway.received.push({ method, path, authorization: request.headers.authorization ?? '', body });
      const reply = (status: number, value?: unknown, type = 'application/json') => {
        response.writeHead(status, { 'content-type': type });
        response.end(value === undefined ? undefined : JSON.stringify(value));
      };
      if (request.headers.authorization !== `Bearer ${gateway.key}`) {
        return reply(401, { title: 'Wrong key' }, 'application/problem+json');
      }
      if (`${method} ${path}` === 'GET /api/status') return reply(200, gateway.status);
      if (gateway.refusal) {
        return reply(gateway.refusal.status, gateway.refusal.document, 'application/problem+json');
      }
      switch (`${method} ${path.replace(/^\/api\/shares\/.+/, '/api/shares/*')}`) {
        case 'GET /api/shares':
          return reply(200, { shares: gateway.shares });
        case 'POST /api/shares': {
          const share = shareOf(body);
          gateway.shares.push(share);
          return reply(201, share);
        }
        case 'POST /api/shares/*': {
          const { accept } = body as { accept?: string };
          const digest = gateway.difference.join();
          const lines = gateway.difference;
          if (accept !== undefined && accept !== digest) {
            return reply(400, { detail: 'Changed once more.' }, 'application/problem+json');
          }
          if (accept !== undefined) gateway.difference = [];
          return reply(200, { lines, digest, accepted: accept !== undefined });
        }
        case 'DELETE /api/shares/*':
          gateway.shares = gateway.shares.filter(({ id }) => !path.endsWith(`/${String(id)}`));
          return reply(204);
        case 'POST /api/connect':
          gateway.status = { state: 'pending', pending: PENDING };
          return reply(202, { pending: PENDING });
        case 'POST /api/disconnect':
          gateway.status = { state: 'not-connected' };
          return reply(204);
        default:
          return reply(404, { title: 'Not found' }, 'application/problem+json');
      }
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const gateway: StandInGateway = {
    url: `http://127.0.0.1:${port}`,
    key: 'key-of-the-stand-in',
    status: { state: 'not-connected' },
    shares: [],
    difference: [],
    refusal: undefined,
    received: [],
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return gateway;
}

export const PENDING = {
  verificationUri: 'http://localhost:7071/connect',
  verificationUriComplete: 'http://localhost:7071/connect?user_code=WDJB-MJHT',
  userCode: 'WDJB-MJHT',
  expiresAt: '2026-03-01T12:15:00.000Z',
};

export const CONNECTED = {
  state: 'connected',
  system: { id: 'sys-1', name: 'Hilltop North' },
  organization: { name: 'Example Broadcast' },
  tunnel: { kind: 'connected', since: '2026-03-01T11:00:00.000Z' },
};

function shareOf(body: unknown): Record<string, unknown> {
  const { dashboard, recipients, expiresAt } = body as {
    dashboard: { id: string; title: string };
    recipients: string[];
    expiresAt?: string;
  };
  return {
    id: 'shr-1',
    url: 'http://shr-1.localhost:7071/',
    status: 'active',
    dashboard: { id: dashboard.id, title: dashboard.title },
    recipients: recipients.map((email) => ({ email, invitation: 'sent' })),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    createdAt: '2026-03-01T12:00:00.000Z',
  };
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}
