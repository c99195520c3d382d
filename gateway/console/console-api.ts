import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { sameSecret } from '../../shared/identifier.ts';
import type { Log } from '../../shared/log.ts';
import { GatewayError, systemCodeOf, wordsOf, type GatewayErrorCode } from '../gateway-error.ts';
import type { GatewayStatus } from '../gateway-status.ts';
import { isLoopbackHost } from '../service-origin.ts';
import { ServiceProblem } from '../service-problem.ts';
import type { SharedDashboard } from '../service-client.ts';
import type { ConsolePages } from './console-pages.ts';

const mostBodyBytes = 8 * 1024 * 1024;

const localShareMembers = z.strictObject({
  dashboard: z.strictObject({
    id: z.string().min(1),
    title: z.string().min(1),
    entryPath: z.string().min(1),
    items: z.array(z.string()).default([]),
  }),
  recipients: z.array(z.string()).min(1),
  message: z.string().optional(),
  expiresAt: z.string().optional(),
  sharedBy: z.strictObject({ name: z.string().min(1) }),
  calls: z.unknown().optional(),
  har: z.unknown().optional(),
  allowlist: z.unknown().optional(),
});

const oneForm = { path: ['calls'], error: 'give one of calls, har and allowlist' };

function hasOneForm({ calls, har, allowlist }: { calls?: unknown; har?: unknown; allowlist?: unknown }) {
  return [calls, har, allowlist].filter((form) => form !== undefined).length === 1;
}

/** Body of `POST /api/shares` of the local API: the calls in exactly one of three forms. */
export const localShareSchema = localShareMembers.refine(hasOneForm, oneForm);

export type LocalShare = z.infer<typeof localShareSchema>;

/** Body of `POST /api/shares/{id}/review`: the dashboard as it is now. */
export const localReviewSchema = localShareMembers
  .pick({ dashboard: true, calls: true, har: true, allowlist: true })
  .extend({ accept: z.string().optional() })
  .refine(hasOneForm, oneForm);

export type LocalReview = z.infer<typeof localReviewSchema>;

/** How a dashboard differs from what is shared of it. */
export interface ReviewedShare {
  /** Empty when nothing changed. */
  readonly lines: readonly string[];
  /** Send it as `accept` to accept exactly this. */
  readonly digest: string;
  readonly accepted: boolean;
}

/** What the local API lets the application beside the gateway do. */
export interface ConsoleActions {
  status(): Promise<GatewayStatus>;
  connect(): Promise<GatewayStatus>;
  disconnect(): Promise<void>;
  shares(): Promise<SharedDashboard[]>;
  share(wish: LocalShare): Promise<SharedDashboard>;
  unshare(id: string): Promise<void>;
  /** Shows how a dashboard differs from what is shared of it; changes it only where exactly that is accepted. */
  review(id: string, review: LocalReview): Promise<ReviewedShare>;
  /** @returns the path of a link that opens the console once, for whoever has the key */
  consoleLink(): string;
}

class HttpFault extends Error {
  readonly status: number;
  readonly errors: readonly { field: string; detail: string }[];
  constructor(status: number, detail: string, errors: readonly { field: string; detail: string }[] = []) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

const statusOf: Record<GatewayErrorCode, number> = {
  usage: 400,
  config: 500,
  'state-damaged': 500,
  'not-connected': 409,
  'already-connected': 409,
  unreachable: 503,
  protocol: 502,
  refused: 400,
  'not-found': 404,
  upstream: 502,
  busy: 409,
  cancelled: 503,
};

/** The host that the client typed: anything but this machine is a DNS rebinding attack. */
function isLocal(request: IncomingMessage): boolean {
  const host = URL.parse(`http://${request.headers.host ?? ''}`);
  return host !== null && isLoopbackHost(host.hostname);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new HttpFault(415, 'Send JSON.');
  }
  const chunks: Buffer[] = [];
  let size = 0;
  // Left open when too long: the answer goes out on the same connection.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBodyBytes) throw new HttpFault(413, 'The body is larger than 8 MiB.');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new HttpFault(400, 'The body is not valid JSON.');
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message }) => ({
    field: path.join('.') || 'body',
    detail: message,
  }));
  throw new HttpFault(400, `Not valid: ${errors.map(({ field }) => field).join(', ')}.`, errors);
}

/**
 * Serves what is for this machine only, on loopback: the local API for the on-prem application beside the gateway,
 * with a key from the state folder, and the console for people.
 */
export async function startConsoleApi({
  actions,
  pages,
  key,
  hostname,
  port,
  log,
}: {
  actions: ConsoleActions;
  pages: ConsolePages;
  key: string;
  hostname: string;
  port: number;
  log: Log;
}): Promise<{ origin: string; close(): Promise<void> }> {
  async function route(request: IncomingMessage): Promise<{ status: number; body?: unknown }> {
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (bearer === undefined || !sameSecret(bearer, key))
      throw new HttpFault(401, 'The key is missing or wrong.');
    const path = (request.url ?? '').split('?')[0] ?? '';
    switch (`${request.method} ${path}`) {
      case 'GET /api/status':
        return { status: 200, body: await actions.status() };
      case 'POST /api/connect':
        return { status: 202, body: await actions.connect() };
      case 'POST /api/console-link':
        return { status: 201, body: { path: actions.consoleLink() } };
      case 'POST /api/disconnect':
        await actions.disconnect();
        return { status: 204 };
      case 'GET /api/shares':
        return { status: 200, body: { shares: await actions.shares() } };
      case 'POST /api/shares':
        return { status: 201, body: await actions.share(parse(localShareSchema, await readJson(request))) };
    }
    const [, id] = /^\/api\/shares\/([a-z0-9-]{1,64})$/.exec(path) ?? [];
    if (request.method === 'DELETE' && id !== undefined) {
      await actions.unshare(id);
      return { status: 204 };
    }
    const [, reviewed] = /^\/api\/shares\/([a-z0-9-]{1,64})\/review$/.exec(path) ?? [];
    if (request.method === 'POST' && reviewed !== undefined) {
      const review = parse(localReviewSchema, await readJson(request));
      return { status: 200, body: await actions.review(reviewed, review) };
    }
    throw new HttpFault(404, 'There is nothing here.');
  }

  function reply(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
    // What is left of a body that was too long is not waited for.
    const last = status === 413 ? { connection: 'close' } : {};
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...last });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (!isLocal(request)) throw new HttpFault(403, 'This address is for this machine only.');
      if (!(request.url ?? '').startsWith('/api/')) return await pages(request, response);
      const { status, body } = await route(request);
      if (status === 204) response.writeHead(204).end();
      else reply(response, status, body);
    } catch (error) {
      const status =
        error instanceof HttpFault
          ? error.status
          : error instanceof GatewayError
            ? statusOf[error.code]
            : 500;
      if (status === 500) log.error('local API failed', { error: wordsOf(error) });
      const errors = error instanceof HttpFault || error instanceof ServiceProblem ? error.errors : [];
      const detail =
        status === 500 ? 'Something went wrong; the log of the gateway says what.' : wordsOf(error);
      reply(
        response,
        status,
        { type: 'about:blank', title: 'Not done', status, detail, ...(errors.length > 0 && { errors }) },
        'application/problem+json',
      );
    }
  }

  const server = createServer(
    { requestTimeout: 30_000 },
    (request, response) => void answer(request, response),
  );
  server.listen(port, hostname);
  await once(server, 'listening').catch((error: unknown) => {
    const why = systemCodeOf(error) === 'EADDRINUSE' ? 'another program listens there' : wordsOf(error);
    throw new GatewayError('config', `console: ${hostname}:${port} cannot be used: ${why}.`);
  });
  const address = server.address() as AddressInfo;
  return {
    origin: `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${address.port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
