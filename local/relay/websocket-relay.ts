import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { acceptHandshake, refuseHandshake } from '../../shared/tunnel/hybrid-connection-handshake.ts';
import { joinRawHeaders } from '../../shared/tunnel/hybrid-connection-headers.ts';
import type { RelayContext } from './http-relay.ts';
import type { Visitor } from './rendezvous-offers.ts';
import { authorize } from './sender-authorization.ts';
import type { RelayTarget } from './sender-target.ts';
import { tracked } from './tracking.ts';
import { joinWebSockets } from './websocket-join.ts';

/** The sender's WebSockets (the guide's "Web Socket connect protocol" and "Accept handshake"). */
export function createWebSocketRelay(
  relay: RelayContext,
): (request: IncomingMessage, stream: Duplex, head: Buffer, target: RelayTarget) => void {
  return (request, stream, head, target) => {
    const { verdict, consumed } = authorize(request, target, 'Send', relay);
    const id = target.parameter('sb-hc-id') ?? randomUUID();
    const refuse = (status: number, description: string) =>
      refuseHandshake(stream, status, tracked(description, id));
    if (!verdict.ok) return refuse(verdict.status, `The security token is refused: ${verdict.reason}`);
    const listener = relay.listeners.pick(target.name, relay.limits.backlog);
    if (listener === undefined) {
      return refuse(404, 'There are no listeners connected for the endpoint');
    }
    const waiting = watchWaiting(stream, head);
    const settle = () => {
      clearTimeout(deadline);
      offer.withdraw();
    };
    const visit = (visitor: Visitor) => {
      settle();
      const early = waiting.stop();
      const status = visitor.target.parameter('sb-hc-statusCode');
      if (status !== undefined) {
        const description = visitor.target.parameter('sb-hc-statusDescription') ?? '';
        refuseHandshake(visitor.stream, 410, tracked('The WebSocket was rejected', id));
        refuseHandshake(stream, /^[3-5]\d\d$/.test(status) ? Number(status) : 500, description);
        return;
      }
      const protocol = chosenProtocol(request, visitor.request);
      acceptHandshake(visitor.request, visitor.stream, protocol);
      acceptHandshake(request, stream, protocol);
      const end = joinWebSockets({ stream, head: early }, visitor);
      const deleted = () => end(1001, tracked('The hybrid connection is deleted or disabled', id));
      stream.once('close', relay.meetings.add(target.name, deleted));
    };
    const suffix = target.requestTarget.slice(`/$hc/${target.name}`.length);
    const [path = '', query] = suffix.split(/\?(.*)/s, 2);
    const offer = relay.offers.make(
      listener.base,
      { name: target.name, suffix: path, ...(query !== undefined && { query }) },
      id,
      { action: 'accept', visit },
    );
    const deadline = setTimeout(() => {
      settle();
      waiting.stop();
      refuse(504, 'The listener did not accept in the required time');
    }, relay.limits.acceptWithin);
    waiting.onLeave(settle);
    listener.send({
      kind: 'accept',
      address: offer.address,
      id: id.slice(0, 256),
      connectHeaders: Object.fromEntries(
        Object.entries(joinRawHeaders(request.rawHeaders)).filter(
          ([name]) => !consumed.includes(name.toLowerCase()),
        ),
      ),
      remoteEndpoint: { address: request.socket.remoteAddress ?? '', port: request.socket.remotePort ?? 0 },
    });
  };
}

/** Before its handshake is answered a sender has nothing to say; this is how its leaving is noticed. */
const mostEarly = 64 * 1024;

function watchWaiting(stream: Duplex, head: Buffer) {
  const early = [head];
  let length = head.length;
  let leave = () => {};
  const onData = (chunk: Buffer) => {
    early.push(chunk);
    length += chunk.length;
    if (length > mostEarly) stream.destroy();
  };
  const onLeave = () => {
    stream.destroy();
    leave();
  };
  stream.on('data', onData).on('end', onLeave).on('close', onLeave);
  return {
    onLeave: (callback: () => void) => void (leave = callback),
    /** @returns what the sender has said already */
    stop(): Buffer {
      stream.off('data', onData).off('end', onLeave).off('close', onLeave);
      stream.pause();
      return Buffer.concat(early);
    },
  };
}

/** What the listener chose of that which the sender offered. */
function chosenProtocol(sender: IncomingMessage, listener: IncomingMessage): string | undefined {
  const list = (request: IncomingMessage) =>
    (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const offered = list(sender);
  return list(listener).find((name) => name !== '' && offered.includes(name));
}
