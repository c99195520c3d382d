import { createHash } from 'node:crypto';
import { type Agent, type IncomingMessage, request as httpRequest, STATUS_CODES } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Random } from '../clock.ts';
import { FrameSocket, type SocketHandlers } from './hybrid-connection-socket.ts';

/** The WebSocket was not opened; `status` is the service's answer, absent when there was none. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
  readonly status: number | undefined;

  constructor(message: string, status?: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

export interface OpenSocketOptions {
  /** `ws://` or `wss://`, used as it is. */
  readonly address: string;
  readonly headers?: Record<string, string>;
  readonly random: Random;
  readonly handlers: SocketHandlers;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
  /** Milliseconds for the whole handshake, 15 s by default. */
  readonly within?: number;
  readonly stall?: number;
}

/**
 * Opens a WebSocket as a client (RFC 6455 section 4.1).
 *
 * @throws HandshakeError also when the signal aborts
 */
export function openSocket(options: OpenSocketOptions): Promise<FrameSocket> {
  const { address, random, handlers, agent, signal, stall } = options;
  const secure = address.startsWith('wss:');
  if (!secure && !address.startsWith('ws:'))
    return Promise.reject(new HandshakeError('not a WebSocket address'));
  const key = Buffer.from(random.bytes(16)).toString('base64');
  return new Promise((resolve, reject) => {
    // A request whose agent is still connecting says nothing of its own end.
    const giveUp = (why: string) => {
      settle();
      fail(why);
      request.destroy();
    };
    const abort = () => giveUp('aborted');
    const settle = () => {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', abort);
    };
    const fail = (message: string, status?: number, cause?: unknown) =>
      reject(new HandshakeError(message, status, cause === undefined ? {} : { cause }));
    const request = (secure ? httpsRequest : httpRequest)(address.replace(/^ws/, 'http'), {
      ...(agent && { agent }),
      headers: {
        ...options.headers,
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': key,
      },
    });
    const deadline = setTimeout(() => giveUp('no answer to the handshake'), options.within ?? 15_000);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    request.on('close', settle);
    request.on('error', (error) => fail(error.message, undefined, error));
    request.on('response', (response) => {
      fail(`answered ${response.statusCode} ${response.statusMessage ?? ''}`.trim(), response.statusCode);
      request.destroy();
    });
    request.on('upgrade', (response, stream, head) => {
      settle();
      if (
        response.headers['sec-websocket-accept'] !== acceptOf(key) ||
        response.headers['sec-websocket-extensions']
      ) {
        stream.destroy();
        fail('the answer to the handshake is not RFC 6455');
        return;
      }
      withoutDelay(stream);
      const role = { client: random };
      resolve(new FrameSocket(stream, head, { role, handlers, ...(stall !== undefined && { stall }) }));
    });
    request.end();
  });
}

/** What is wrong with a request to open a WebSocket (RFC 6455 section 4.2.1), or nothing. */
export function handshakeFault(
  request: IncomingMessage,
): { status: number; description: string } | undefined {
  const { headers } = request;
  if (request.method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') {
    return { status: 400, description: 'Not a WebSocket handshake' };
  }
  if (headers['sec-websocket-version'] !== '13')
    return { status: 426, description: 'WebSocket version 13 only' };
  const key = headers['sec-websocket-key'] ?? '';
  if (!/^[+/0-9A-Za-z]{22}==$/.test(key)) return { status: 400, description: 'No valid Sec-WebSocket-Key' };
  return undefined;
}

/** Answers a faultless handshake with 101; the stream then speaks frames. */
export function acceptHandshake(request: IncomingMessage, stream: Duplex, protocol?: string): void {
  withoutDelay(stream);
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptOf(request.headers['sec-websocket-key'] ?? '')}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ];
  stream.write(`${lines.join('\r\n')}\r\n\r\n`);
}

/** Answers a handshake with an HTTP status and ends the connection. */
export function refuseHandshake(stream: Duplex, status: number, description: string): void {
  stream.on('error', () => {});
  const lines = [
    `HTTP/1.1 ${status} ${description.replaceAll(/[^\x20-\x7e]/g, ' ') || (STATUS_CODES[status] ?? '')}`,
    'Connection: close',
    'Content-Length: 0',
    ...(status === 426 ? ['Sec-WebSocket-Version: 13'] : []),
  ];
  stream.end(`${lines.join('\r\n')}\r\n\r\n`);
  const deadline = setTimeout(() => stream.destroy(), 1000);
  stream.once('close', () => clearTimeout(deadline));
  // Unread bytes would turn the close into a reset, which can overtake the answer.
  stream.resume();
}

/** Small frames must not wait for the acknowledgement of others. */
function withoutDelay(stream: Duplex): void {
  if (!(stream instanceof Socket)) return;
  stream.setNoDelay(true);
  stream.setTimeout(0);
}

const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
