import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import { wholeIfSmall } from '../../shared/tunnel/hybrid-connection-body.ts';
import {
  endToEndFields,
  headerLimit,
  headerSize,
  joinRawHeaders,
  withVia,
} from '../../shared/tunnel/hybrid-connection-headers.ts';
import {
  controlBodyLimit,
  type RequestMessage,
  type ResponseMessage,
  serializeMessage,
} from '../../shared/tunnel/hybrid-connection-message.ts';
import { FrameSocket } from '../../shared/tunnel/hybrid-connection-socket.ts';
import { acceptHandshake } from '../../shared/tunnel/hybrid-connection-handshake.ts';
import type { SasKeys } from '../../shared/tunnel/sas-token.ts';
import { HttpExchange } from './http-exchange.ts';
import type { ListenerChannel } from './listener-channel.ts';
import type { ListenerRegistry } from './listener-registry.ts';
import type { Meetings } from './meetings.ts';
import type { RelayLimits } from './relay-limits.ts';
import type { RendezvousOffers, Visitor } from './rendezvous-offers.ts';
import { RequestRendezvous } from './request-rendezvous.ts';
import { authorize } from './sender-authorization.ts';
import { parseTarget } from './sender-target.ts';

export interface RelayContext {
  readonly keys: SasKeys;
  readonly clock: Clock;
  readonly limits: RelayLimits;
  readonly listeners: ListenerRegistry;
  readonly offers: RendezvousOffers;
  readonly meetings: Meetings;
  readonly exists: (name: string) => boolean;
  /** What the relay calls itself in Via. */
  readonly host: string;
}

/** The sender's HTTP requests (the guide's "Request operation" and "Request message"). */
export function createHttpRelay(
  relay: RelayContext,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { limits } = relay;
  /** The rendezvous of a sender's connection, while both stand. */
  const held = new WeakMap<Socket, RequestRendezvous>();

  return (request, response) => {
    const exchange = new HttpExchange(randomUUID(), response, relay.host, limits);
    const target = parseTarget(request.url ?? '/', '/');
    if (target === undefined || !relay.exists(target.name)) {
      return exchange.fail(404, 'The hybrid connection path is invalid');
    }
    const { verdict, consumed } = authorize(request, target, 'Send', relay);
    if (!verdict.ok) return exchange.fail(verdict.status, `The security token is refused: ${verdict.reason}`);
    const received = joinRawHeaders(request.rawHeaders);
    if (headerSize(received) > headerLimit) return exchange.fail(431, 'More than 32 kB of header fields');
    const message: RequestMessage = {
      kind: 'request',
      id: exchange.id,
      requestTarget: target.requestTarget,
      method: request.method ?? 'GET',
      requestHeaders: withVia(endToEndFields(received, consumed), relay.host),
      body:
        request.headers['transfer-encoding'] !== undefined ||
        Number(request.headers['content-length'] ?? 0) > 0,
      remoteEndpoint: { address: request.socket.remoteAddress ?? '', port: request.socket.remotePort ?? 0 },
    };
    const standing = held.get(request.socket);
    if (standing?.free === true && standing.name === target.name) {
      return standing.deliver(exchange, message, message.body ? request : undefined);
    }
    const listener = relay.listeners.pick(target.name, limits.backlog);
    if (listener === undefined)
      return exchange.fail(502, 'There are no listeners connected for the endpoint');
    void hand(listener, exchange, message, request);
  };

  /** Over the control channel what is small and there at once; all else by way of a rendezvous. */
  async function hand(
    listener: ListenerChannel,
    exchange: HttpExchange,
    message: RequestMessage,
    request: IncomingMessage,
  ): Promise<void> {
    let met = false;
    let sent = false;
    const meet = (visitor: Visitor) => {
      met = true;
      const rendezvous = new RequestRendezvous(listener.name, request.socket, limits.pingInterval);
      visitor.stream.once('close', relay.meetings.add(listener.name, rendezvous.deleted));
      acceptHandshake(visitor.request, visitor.stream);
      rendezvous.attach(
        new FrameSocket(visitor.stream, visitor.head, {
          role: 'service',
          handlers: rendezvous.handlers,
          stall: limits.stall,
          closeEndsBody: true,
        }),
        exchange,
      );
      held.get(request.socket)?.retire();
      held.set(request.socket, rendezvous);
      if (!sent) rendezvous.deliver(exchange, message, message.body ? request : undefined);
    };
    const offer = relay.offers.make(listener.base, { name: listener.name }, exchange.id, {
      action: 'request',
      visit: meet,
    });
    listener.expect(exchange.id, {
      answer: (response: ResponseMessage, body: Buffer) => exchange.answer(response, body),
      listenerLost: () => {
        if (!met) exchange.fail(502, 'The listener was lost');
      },
    });
    exchange.onEnd(() => {
      offer.withdraw();
      listener.forget(exchange.id);
    });
    const addressed = { ...message, address: offer.address };
    const room = controlBodyLimit - Buffer.byteLength(serializeMessage(addressed));
    const body = await smallBody(request, message.body, room).catch(() => undefined);
    if (!exchange.waiting) return;
    sent = body !== undefined;
    exchange.progress();
    if (body === undefined) listener.send({ kind: 'rendezvous', address: offer.address });
    else listener.send({ ...addressed, body: body.length > 0 }, body);
  }

  /** @returns undefined when the request is too large for the control channel or too slow in coming */
  async function smallBody(
    request: IncomingMessage,
    expected: boolean,
    room: number,
  ): Promise<Buffer | undefined> {
    if (room < 0 || Number(request.headers['content-length'] ?? 0) > room) return undefined;
    return expected ? wholeIfSmall(request, room, limits.bodyWithin) : Buffer.alloc(0);
  }
}
