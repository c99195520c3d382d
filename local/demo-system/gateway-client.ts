import { z } from 'zod';
import { readIfThere } from './atomic-file.ts';

/** What the gateway program tells over its local API. Unknown members are ignored: it may be newer. */

const webAddress = z.url({ protocol: /^https?$/ });

const pendingSchema = z.object({
  verificationUri: webAddress,
  verificationUriComplete: webAddress.optional(),
  userCode: z.string().min(1),
  expiresAt: z.string(),
});
/** Hilltop tells four states apart; the gateway's own words, in `problem`, say the rest. */
const plainState = (state: string): 'not-connected' | 'pending' | 'connected' | 'expired' => {
  if (state === 'connected' || state === 'pending') return state;
  return state === 'not-connected' || state === 'disconnecting' ? 'not-connected' : 'expired';
};
const statusSchema = z.object({
  state: z
    .enum(['not-connected', 'pending', 'connected', 'expired', 'disconnecting', 'revoked', 'deleted'])
    .transform(plainState),
  system: z.object({ id: z.string(), name: z.string() }).optional(),
  organization: z.object({ name: z.string() }).optional(),
  tunnel: z.object({ kind: z.string(), since: z.string().optional() }).optional(),
  pending: pendingSchema.optional(),
  problem: z.string().optional(),
});
const shareSchema = z.object({
  id: z.string(),
  url: webAddress,
  status: z.string(),
  dashboard: z.object({ id: z.string(), title: z.string() }),
  recipients: z.array(
    z.object({
      email: z.string(),
      invitation: z.string().optional(),
      firstOpenedAt: z.string().optional(),
      lastOpenedAt: z.string().optional(),
    }),
  ),
  expiresAt: z.string().optional(),
  createdAt: z.string(),
});
const problemSchema = z.object({
  title: z.string().optional(),
  detail: z.string().optional(),
  field: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), detail: z.string() })).optional(),
});

const reviewSchema = z.object({ lines: z.array(z.string()), digest: z.string() });

export type ReviewedShare = z.infer<typeof reviewSchema>;
export type GatewayStatus = z.infer<typeof statusSchema>;
export type GatewayShare = z.infer<typeof shareSchema>;

export interface ShareRequest {
  readonly dashboard: { id: string; title: string; entryPath: string; items: readonly string[] };
  readonly recipients: readonly string[];
  readonly message?: string;
  /** RFC 3339. */
  readonly expiresAt?: string;
  readonly sharedBy: { name: string };
  readonly calls: readonly object[];
}

/** The dashboard as it is now. */
export interface ShareReview extends Pick<ShareRequest, 'dashboard' | 'calls'> {
  /** Digest of the difference that was shown. */
  readonly accept?: string;
}

export interface FieldError {
  /** Dotted path into the request, such as `recipients.0`. */
  readonly field: string;
  readonly detail: string;
}

/** An answer, a refusal in the gateway's words, or silence. */
export type GatewayAnswer<T> =
  | { readonly kind: 'answer'; readonly value: T }
  | { readonly kind: 'refusal'; readonly detail: string; readonly errors: readonly FieldError[] }
  | { readonly kind: 'silence'; readonly detail: string };

export interface GatewayClient {
  readonly url: string;
  status(): Promise<GatewayAnswer<GatewayStatus>>;
  connect(): Promise<GatewayAnswer<undefined>>;
  disconnect(): Promise<GatewayAnswer<undefined>>;
  shares(): Promise<GatewayAnswer<readonly GatewayShare[]>>;
  share(request: ShareRequest): Promise<GatewayAnswer<GatewayShare>>;
  /** How a dashboard differs from what is shared of it; with `accept`, that difference becomes what is shared. */
  review(shareId: string, review: ShareReview): Promise<GatewayAnswer<ReviewedShare>>;
  stopSharing(shareId: string): Promise<GatewayAnswer<undefined>>;
}

const QUICK = 5_000;
/** Sharing and disconnecting make the gateway talk to the cloud first. */
const SLOW = 45_000;
const MAX_BYTES = 4_194_304;

/** Where the gateway program listens, and the key it wants or the file in which it keeps that key. */
export type GatewayAddress =
  { readonly url: string; readonly key: string } | { readonly url: string; readonly keyFile: string };

class KeyMissing extends Error {}

/** Read anew for every call: the gateway may be installed after this program was started. */
async function keyOf(address: GatewayAddress): Promise<string> {
  const key = 'key' in address ? address.key : (await readIfThere(address.keyFile))?.trim();
  if (!key) throw new KeyMissing();
  return key;
}

/** A client of the gateway program's local API. It never throws for what the other side does. */
export function createGatewayClient(address: GatewayAddress): GatewayClient {
  const { url } = address;
  const call = async <T>(
    method: string,
    path: string,
    read: (body: unknown) => T,
    timeout: number,
    content?: object,
  ): Promise<GatewayAnswer<T>> => {
    try {
      const response = await fetch(`${url.replace(/\/$/, '')}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${await keyOf(address)}`,
          accept: 'application/json',
          ...(content ? { 'content-type': 'application/json' } : {}),
        },
        ...(content ? { body: JSON.stringify(content) } : {}),
        redirect: 'error',
        signal: AbortSignal.timeout(timeout),
      });
      const text = await readBounded(response);
      if (!response.ok) return refusalOf(response.status, text);
      return { kind: 'answer', value: read(text === '' ? undefined : JSON.parse(text)) };
    } catch (problem) {
      return { kind: 'silence', detail: reasonOf(problem) };
    }
  };
  const nothing = () => undefined;
  return {
    url,
    status: () => call('GET', '/api/status', (body) => statusSchema.parse(body), QUICK),
    connect: () => call('POST', '/api/connect', nothing, SLOW),
    disconnect: () => call('POST', '/api/disconnect', nothing, SLOW),
    shares: () =>
      call(
        'GET',
        '/api/shares',
        (body) => z.object({ shares: z.array(shareSchema) }).parse(body).shares,
        SLOW,
      ),
    share: (request) => call('POST', '/api/shares', (body) => shareSchema.parse(body), SLOW, request),
    review: (shareId, review) =>
      call(
        'POST',
        `/api/shares/${encodeURIComponent(shareId)}/review`,
        (body) => reviewSchema.parse(body),
        SLOW,
        review,
      ),
    stopSharing: (shareId) => call('DELETE', `/api/shares/${encodeURIComponent(shareId)}`, nothing, SLOW),
  };
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error('its answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Reads a problem document (RFC 9457), and does without when there is none. */
function refusalOf(status: number, text: string): GatewayAnswer<never> {
  const parsed = problemSchema.safeParse(parseJson(text));
  const { detail, title, field, errors = [] } = parsed.success ? parsed.data : {};
  const words = detail ?? title ?? `The gateway answered with status ${status}.`;
  return {
    kind: 'refusal',
    detail: words,
    errors: field !== undefined && errors.length === 0 ? [{ field, detail: words }] : errors,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A sentence for a page, without addresses or bodies. */
function reasonOf(problem: unknown): string {
  if (problem instanceof z.ZodError || problem instanceof SyntaxError) {
    return 'It answered in a way that this version of Hilltop does not understand.';
  }
  if (problem instanceof KeyMissing) return 'Its key is not there yet. Was the program ever started?';
  if (member(problem, 'name') === 'TimeoutError') return 'It did not answer in time.';
  const code = member(member(problem, 'cause'), 'code');
  return code === 'ECONNREFUSED'
    ? 'Nothing listens at its address. Is the program running?'
    : `The connection failed (${typeof code === 'string' ? code : 'unknown'}).`;
}

const member = (value: unknown, name: 'name' | 'cause' | 'code'): unknown =>
  typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined;
