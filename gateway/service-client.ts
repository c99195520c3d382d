import { z } from 'zod';
import { day, hour, minute, second } from '../shared/clock.ts';
import { policySchema } from '../shared/policies/policy.ts';
import { allowlistSchema, type Allowlist } from '../shared/allowlist/rule.ts';
import type { Random } from '../shared/clock.ts';
import type { Access } from './access.ts';
import { backoff } from './backoff.ts';
import { GatewayError } from './gateway-error.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from './http-client.ts';
import { ServiceProblem } from './service-problem.ts';
import type { Timer } from './timer.ts';

const systemSchema = z.object({
  id: z.string(),
  name: z.string(),
  organization: z.object({ name: z.string() }),
  policy: policySchema.optional(),
});

const wakeUpSchema = z.object({ url: z.url({ protocol: /^wss?$/ }) });

const listenerSchema = z.object({
  endpoint: z.url({ protocol: /^wss?$/ }),
  path: z.string().min(1),
  token: z.string().min(1),
  expiresAt: z.iso.datetime({ offset: true }),
});

const recipientSchema = z.object({
  email: z.string(),
  invitation: z.unknown(),
  firstOpenedAt: z.string().optional(),
  lastOpenedAt: z.string().optional(),
});

const shareSchema = z.object({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  url: z.url(),
  status: z.string(),
  dashboard: z.object({ id: z.string(), title: z.string() }),
  recipients: z.array(recipientSchema),
  expiresAt: z.string().optional(),
  createdAt: z.string(),
  allowlistId: z.string().optional(),
  gatewayAllowlistId: z.string().optional(),
});

const allowlistAnswerSchema = z.object({ id: z.string(), allowlist: allowlistSchema });

const refusalsSchema = z.object({
  calls: z.array(
    z.object({
      id: z.string(),
      by: z.string(),
      method: z.string(),
      target: z.string(),
      contentType: z.string().optional(),
      body: z.string().optional(),
      admissible: z.boolean(),
      nearestRule: z.string().optional(),
      difference: z.string(),
      lastAt: z.iso.datetime(),
      times: z.number(),
    }),
  ),
});

const shareRecordSchema = z.object({
  sealed: z.string().optional(),
  dashboard: z.object({
    id: z.string(),
    title: z.string(),
    entryPath: z.string(),
    items: z.array(z.string()),
  }),
  allowlist: allowlistSchema,
});

const gatewayListSchema = z.object({
  gateways: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      state: z.string(),
      self: z.boolean(),
      createdAt: z.string(),
      renewedAt: z.string().optional(),
      seenAt: z.string().optional(),
      seenFrom: z.string().optional(),
    }),
  ),
});

const shareListSchema = z.object({ shares: z.array(shareSchema), continuation: z.string().optional() });

export type SystemSummary = z.infer<typeof systemSchema>;
/** Where a listener connects and with what; the token is a SAS token for that one hybrid connection. */
export interface ListenerAddress extends Omit<z.infer<typeof listenerSchema>, 'expiresAt'> {
  /** Milliseconds by the service's own clock, which this machine's need not agree with. */
  readonly lifetime: number;
}
export type ShareRecordAtService = z.infer<typeof shareRecordSchema>;
export type GatewaySummary = z.infer<typeof gatewayListSchema>['gateways'][number];
export type SharedDashboard = z.infer<typeof shareSchema>;

export type RefusedCallAtService = z.infer<typeof refusalsSchema>['calls'][number];

/** The body of `PATCH /api/shares/{id}`, where what is shown changes. */
export interface ShareChange {
  readonly allowlist: Allowlist;
  readonly dashboard?: { readonly title: string; readonly entryPath: string; readonly items: string[] };
  readonly sealed?: string;
}

/** The body of `POST /api/shares`. */
export interface ShareOrder {
  dashboard: { id: string; title: string; entryPath: string; items: string[] };
  recipients: string[];
  message?: string;
  description?: string;
  /** RFC 3339. */
  expiresAt?: string;
  allowlist: unknown;
  sharedBy: { name: string };
  /** For the other gateways of the system. */
  sealed?: string;
}

/** The service's API for systems. Every method throws GatewayError, among them ServiceProblem. */
export interface ServiceClient {
  system(): Promise<SystemSummary>;
  /** Disconnects the system and deletes its shares. */
  deleteSystem(): Promise<void>;
  /** Asks once: who holds a tunnel tries again by itself. */
  listener(signal?: AbortSignal): Promise<ListenerAddress>;
  /** The gateways of this system. */
  gateways(): Promise<GatewaySummary[]>;
  /** Removes one gateway; the system goes on. @param id `self` for this one */
  removeGateway(id: string): Promise<void>;
  /** @param idempotencyKey the same key gives the same share, however often it is sent */
  /** Where it is woken; undefined where the service wakes nobody. */
  wakeUp(signal?: AbortSignal): Promise<{ readonly url: string } | undefined>;
  createShare(order: ShareOrder, idempotencyKey: string): Promise<SharedDashboard>;
  /** All shares, page by page. */
  shares(): Promise<SharedDashboard[]>;
  share(id: string): Promise<SharedDashboard>;
  /** What it takes to serve a share that another gateway made. */
  shareRecord(id: string): Promise<ShareRecordAtService>;
  /** What the service lets a share call. */
  allowlist(id: string): Promise<{ id: string; allowlist: Allowlist }>;
  /** What a share refused in the last 30 days, newest first. */
  refusals(id: string): Promise<RefusedCallAtService[]>;
  updateShare(id: string, change: ShareChange): Promise<SharedDashboard>;
  /** @returns false when there is no such share (any more) */
  deleteShare(id: string): Promise<boolean>;
}

export interface ServiceParts {
  service: URL;
  http: HttpClient;
  access: Access;
  timer: Timer;
  random: Random;
}

const attempts = 4;
/** Of a listener's token, where an answer has lost its date. */
const usualLifetime = hour;
const mostPages = 1000;

export function createServiceClient({ service, http, access, timer, random }: ServiceParts): ServiceClient {
  const send = async (request: HttpRequest): Promise<HttpAnswer> => {
    const withToken = (token: string) =>
      http.send({ ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } });
    const token = await access.token();
    const answer = await withToken(token);
    return answer.status === 401 ? withToken(await access.tokenAfterRejection(token)) : answer;
  };

  /** Tries again what may pass; everything sent here is idempotent by its method or its key. */
  const call = async (
    method: HttpRequest['method'],
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<HttpAnswer> => {
    const url = new URL(path, service);
    const request: HttpRequest = {
      method,
      url,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    for (let attempt = 1; ; attempt += 1) {
      let problem: GatewayError;
      let least = 0;
      try {
        const answer = await send(request);
        if (answer.status >= 200 && answer.status < 300) return answer;
        problem = new ServiceProblem(url, answer);
        least = retryAfter(answer);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        problem = error;
      }
      if (problem.code !== 'unreachable' || attempt === attempts) throw problem;
      await timer.sleep(least + backoff(attempt, second, 5 * second, random));
    }
  };

  return {
    system: async () => read(systemSchema, await call('GET', '/api/system')),
    async deleteSystem() {
      await call('DELETE', '/api/system');
    },
    async listener(signal) {
      const url = new URL('/api/tunnel/listener', service);
      const headers = { 'content-type': 'application/json' };
      const answer = await send({ method: 'POST', url, headers, body: '{}', ...(signal && { signal }) });
      if (answer.status !== 200) throw new ServiceProblem(url, answer);
      const { expiresAt, ...address } = read(listenerSchema, answer);
      const issued = Date.parse(answer.headers.date ?? '');
      const lifetime = Number.isNaN(issued) ? usualLifetime : Date.parse(expiresAt) - issued;
      return { ...address, lifetime: Math.min(Math.max(lifetime, minute), day) };
    },
    async wakeUp(signal) {
      const url = new URL('/api/wake-up/connection', service);
      const headers = { 'content-type': 'application/json' };
      const answer = await send({ method: 'POST', url, headers, body: '{}', ...(signal && { signal }) });
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw new ServiceProblem(url, answer);
      return read(wakeUpSchema, answer);
    },
    gateways: async () => read(gatewayListSchema, await call('GET', '/api/system/gateways')).gateways,
    async removeGateway(id) {
      await call('DELETE', `/api/system/gateways/${encodeURIComponent(id)}`);
    },
    createShare: async (order, idempotencyKey) =>
      read(shareSchema, await call('POST', '/api/shares', order, { 'idempotency-key': idempotencyKey })),
    async shares() {
      const all: SharedDashboard[] = [];
      let continuation: string | undefined;
      for (let page = 0; page < mostPages; page += 1) {
        const query: string =
          continuation === undefined ? '' : `?${new URLSearchParams({ continuation }).toString()}`;
        const list = read(shareListSchema, await call('GET', `/api/shares${query}`));
        all.push(...list.shares);
        continuation = list.continuation;
        if (continuation === undefined) return all;
      }
      throw new GatewayError('protocol', 'The list of shares does not end.');
    },
    shareRecord: async (id) =>
      read(shareRecordSchema, await call('GET', `/api/shares/${encodeURIComponent(id)}/record`)),
    share: async (id) => read(shareSchema, await call('GET', `/api/shares/${encodeURIComponent(id)}`)),
    allowlist: async (id) =>
      read(allowlistAnswerSchema, await call('GET', `/api/shares/${encodeURIComponent(id)}/allowlist`)),
    refusals: async (id) =>
      read(refusalsSchema, await call('GET', `/api/shares/${encodeURIComponent(id)}/refusals`)).calls,
    updateShare: async (id, change) =>
      read(shareSchema, await call('PATCH', `/api/shares/${encodeURIComponent(id)}`, change)),
    async deleteShare(id) {
      try {
        await call('DELETE', `/api/shares/${encodeURIComponent(id)}`);
        return true;
      } catch (error) {
        if (!(error instanceof GatewayError) || error.code !== 'not-found') throw error;
        return false;
      }
    },
  };
}

/** RFC 9110 section 10.2.3, in seconds only. @returns milliseconds, 30 s at most */
function retryAfter(answer: HttpAnswer): number {
  const seconds = Number(answer.headers['retry-after'] ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 30) * second : 0;
}

function read<T>(schema: z.ZodType<T>, answer: HttpAnswer): T {
  let value: unknown;
  try {
    value = JSON.parse(answer.text);
  } catch {
    value = undefined;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new GatewayError(
    'protocol',
    `The service's answer is not usable: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  );
}
