import { z } from 'zod';
import {
  type HeaderFields,
  headerLimit,
  headerSize,
  isHeaderField,
  isReasonPhrase,
} from './hybrid-connection-headers.ts';

/**
 * The JSON messages of the Hybrid Connections protocol, in the guide's order. The service sends accept, request and
 * rendezvous; the listener sends response and renewToken.
 */
export type ServiceMessage = AcceptMessage | RequestMessage | RendezvousMessage;
export type ListenerMessage = ResponseMessage | RenewTokenMessage;

export interface RemoteEndpoint {
  readonly address: string;
  readonly port: number;
}

/** A sender asks for a WebSocket. */
export interface AcceptMessage {
  readonly kind: 'accept';
  readonly address: string;
  readonly id: string;
  readonly connectHeaders: HeaderFields;
  readonly remoteEndpoint?: RemoteEndpoint;
}

/** A sender's HTTP request; `address` is where the listener may go to answer outside the control channel. */
export interface RequestMessage {
  readonly kind: 'request';
  readonly address?: string;
  readonly id: string;
  readonly requestTarget: string;
  readonly method: string;
  readonly requestHeaders: HeaderFields;
  readonly body: boolean;
  readonly remoteEndpoint?: RemoteEndpoint;
}

/** On the wire a request with nothing but its address: the request itself waits at the rendezvous. */
export interface RendezvousMessage {
  readonly kind: 'rendezvous';
  readonly address: string;
}

export interface ResponseMessage {
  readonly kind: 'response';
  readonly requestId: string;
  readonly statusCode: number;
  readonly statusDescription?: string;
  readonly responseHeaders: HeaderFields;
  readonly body: boolean;
}

export interface RenewTokenMessage {
  readonly kind: 'renewToken';
  readonly token: string;
}

/** A text frame that is not a message of the protocol. The text says what is wrong, never what was sent. */
export class MessageError extends Error {
  override readonly name = 'MessageError';
}

/** The largest JSON text of one message: 32 kB of header fields, escaped, and room for the rest. */
export const messageLimit = 128 * 1024;

/** What travels on the control channel: bodies of at most this many bytes. */
export const controlBodyLimit = 64 * 1024;

/** RFC 9110 section 15, final codes; 502 and 504 are the service's own. */
export const isPermittedStatus = (status: number): boolean =>
  Number.isInteger(status) && status >= 200 && status <= 599 && status !== 502 && status !== 504;

const id = z.string().min(1).max(256);
const address = z.string().min(1).max(16_384);
// The official Node listener sends numbers where its application set numbers.
const headers = z
  .record(z.string(), z.union([z.string(), z.number().transform(String)]))
  .nullish()
  .transform((fields) => {
    const wellFormed = Object.entries(fields ?? {}).filter(([name, value]) => isHeaderField(name, value));
    return Object.fromEntries(wellFormed);
  })
  .refine((fields) => headerSize(fields) <= headerLimit, 'header fields of more than 32 kB');

const remoteEndpoint = z.object({ address: z.string(), port: z.number() }).optional().catch(undefined);

const accept = z.object({ address, id, connectHeaders: headers, remoteEndpoint });

const request = z.object({
  address: address.optional(),
  id,
  requestTarget: z.string().startsWith('/').max(65_536),
  method: z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}$/),
  requestHeaders: headers,
  body: z.boolean().nullish(),
  remoteEndpoint,
});

const response = z.object({
  requestId: id,
  // The guide says number and shows a string; both occur.
  statusCode: z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d{3}$/)
        .transform(Number),
    ])
    .pipe(z.int().min(100).max(999)),
  statusDescription: z.string().nullish(),
  responseHeaders: headers,
  body: z.boolean().nullish(),
});

const renewToken = z.object({ token: z.string().min(1).max(16_384) });

/**
 * Reads a text frame from the service. Members that the guide does not name are ignored.
 *
 * @throws MessageError
 */
export function parseServiceMessage(text: string): ServiceMessage {
  const members = parseJson(text);
  if (members['accept'] !== undefined) {
    const { remoteEndpoint: remote, ...rest } = check(accept, members['accept'], 'accept');
    return { kind: 'accept', ...rest, ...(remote && { remoteEndpoint: remote }) };
  }
  const raw = members['request'];
  if (raw === undefined) throw new MessageError('neither accept nor request');
  if (isRecord(raw) && raw['method'] === undefined) {
    return { kind: 'rendezvous', ...check(z.object({ address }), raw, 'request') };
  }
  const { address: at, remoteEndpoint: remote, body, ...rest } = check(request, raw, 'request');
  return {
    kind: 'request',
    ...rest,
    body: body ?? false,
    ...(at !== undefined && { address: at }),
    ...(remote && { remoteEndpoint: remote }),
  };
}

/**
 * Reads a text frame from a listener. Members that the guide does not name are ignored.
 *
 * @throws MessageError
 */
export function parseListenerMessage(text: string): ListenerMessage {
  const members = parseJson(text);
  if (members['renewToken'] !== undefined) {
    return { kind: 'renewToken', ...check(renewToken, members['renewToken'], 'renewToken') };
  }
  if (members['response'] === undefined) throw new MessageError('neither response nor renewToken');
  const { statusDescription, body, ...rest } = check(response, members['response'], 'response');
  return {
    kind: 'response',
    ...rest,
    body: body ?? false,
    ...(statusDescription && isReasonPhrase(statusDescription) && { statusDescription }),
  };
}

/** The text frame of a message. */
export function serializeMessage(message: ServiceMessage | ListenerMessage): string {
  const { kind, ...members } = message;
  return JSON.stringify({ [kind === 'rendezvous' ? 'request' : kind]: members });
}

function parseJson(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MessageError('not JSON');
  }
  if (!isRecord(value)) throw new MessageError('not an object');
  return value;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function check<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new MessageError(`${name}${issue ? `.${issue.path.join('.')}: ${issue.message}` : ''}`);
}
