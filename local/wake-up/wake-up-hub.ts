import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { jwtVerify } from 'jose';
import { z } from 'zod';
import { second } from '../../shared/clock.ts';
import { newSecret } from '../../shared/identifier.ts';
import type { Log } from '../../shared/log.ts';
import { systemRandom } from '../../shared/system-clock.ts';
import {
  acceptHandshake,
  handshakeFault,
  refuseHandshake,
} from '../../shared/tunnel/hybrid-connection-handshake.ts';
import { FrameSocket } from '../../shared/tunnel/hybrid-connection-socket.ts';
import { wakeUpProtocol } from '../../shared/wake-up/wake-up.ts';

const mostBytes = 64 * 1024;
const pingEvery = 20 * second;

const claimsSchema = z.object({
  sub: z.string().optional(),
  role: z.union([z.string(), z.array(z.string())]).optional(),
  'webpubsub.group': z.union([z.string(), z.array(z.string())]).optional(),
});

const messageSchema = z.object({
  type: z.string(),
  ackId: z.number().int().optional(),
  group: z.string().optional(),
  data: z.unknown().optional(),
  dataType: z.enum(['json', 'text', 'binary']).optional(),
});

type Message = z.infer<typeof messageSchema>;

interface Client {
  readonly id: string;
  readonly userId: string | undefined;
  readonly roles: readonly string[];
  readonly groups: Set<string>;
  readonly socket: FrameSocket;
}

const list = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/**
 * A hub of Azure Web PubSub on this machine, for one hub: clients speak `json.webpubsub.azure.v1`, servers the REST API
 * that `@azure/web-pubsub` calls, both with tokens signed by the access key (HS256).
 */
export async function startWakeUpHub({
  port,
  hub,
  key,
  log,
}: {
  /** 0 for any free one. */
  readonly port: number;
  readonly hub: string;
  readonly key: string;
  readonly log: Log;
}): Promise<{ readonly endpoint: string; connections(): number; close(): Promise<void> }> {
  const clients = new Set<Client>();
  const sockets = new Set<Socket>();
  const secret = new TextEncoder().encode(key);
  const clientPath = `/client/hubs/${hub}`;

  const verified = async (token: string | null | undefined, audience: string) => {
    const { payload } = await jwtVerify(token ?? '', secret, { algorithms: ['HS256'], audience });
    return claimsSchema.parse(payload);
  };
  const originOf = (request: IncomingMessage) => `http://${request.headers.host ?? ''}`;
  const say = (client: Client, message: object) => client.socket.sendText(JSON.stringify(message));

  function toGroup(
    group: string,
    message: { dataType: string; data: unknown; fromUserId?: string },
    except?: Client,
  ) {
    for (const client of clients) {
      if (client === except || !client.groups.has(group)) continue;
      say(client, { type: 'message', from: 'group', group, ...message });
    }
  }

  /** @returns why it may not, in the protocol's words */
  function act(
    client: Client,
    { type, group = '', data, dataType = 'json' }: Message,
  ): { name: string; message: string } | undefined {
    const may = (role: string) => client.roles.includes(role) || client.roles.includes(`${role}.${group}`);
    const refused = { name: 'Forbidden', message: `The connection may not ${type} in this group.` };
    switch (type) {
      case 'joinGroup':
        if (!may('webpubsub.joinLeaveGroup')) return refused;
        client.groups.add(group);
        return undefined;
      case 'leaveGroup':
        if (!may('webpubsub.joinLeaveGroup')) return refused;
        client.groups.delete(group);
        return undefined;
      case 'sendToGroup':
        if (!may('webpubsub.sendToGroup')) return refused;
        toGroup(group, { dataType, data, ...(client.userId !== undefined && { fromUserId: client.userId }) });
        return undefined;
      case 'event':
        // No server handles events here.
        return { name: 'Forbidden', message: 'There is no event handler.' };
      default:
        return { name: 'BadRequest', message: 'There is no such type of message.' };
    }
  }

  function onText(client: Client, text: string): void {
    let message: Message;
    try {
      message = messageSchema.parse(JSON.parse(text));
    } catch {
      client.socket.close(1007, 'Invalid message');
      return;
    }
    if (message.type === 'ping') return say(client, { type: 'pong' });
    const error = act(client, message);
    if (message.ackId === undefined) return;
    say(client, { type: 'ack', ackId: message.ackId, success: error === undefined, ...(error && { error }) });
  }

  async function connect(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    const url = new URL(request.url ?? '/', originOf(request));
    const fault = handshakeFault(request);
    if (fault) return refuseHandshake(stream, fault.status, fault.description);
    if (url.pathname !== clientPath) return refuseHandshake(stream, 404, 'There is no such hub');
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
    if (!offered.includes(wakeUpProtocol)) return refuseHandshake(stream, 400, `Speak ${wakeUpProtocol}`);
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    let claims: z.infer<typeof claimsSchema>;
    try {
      claims = await verified(url.searchParams.get('access_token') ?? bearer, `${url.origin}${clientPath}`);
    } catch {
      return refuseHandshake(stream, 401, 'The access token is not valid');
    }
    acceptHandshake(request, stream, wakeUpProtocol);
    const client: Client = {
      id: newSecret(systemRandom),
      userId: claims.sub,
      roles: list(claims.role),
      groups: new Set(list(claims['webpubsub.group'])),
      socket: new FrameSocket(stream, head, {
        role: 'service',
        handlers: {
          text: (text) => onText(client, text),
          closed: () => clients.delete(client),
        },
      }),
    };
    clients.add(client);
    client.socket.watch(pingEvery);
    say(client, { type: 'system', event: 'connected', userId: client.userId, connectionId: client.id });
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = (status: number) => void response.writeHead(status).end();
    const url = new URL(request.url ?? '/', originOf(request));
    if (url.pathname === '/api/health') return reply(200);
    const [, group] = new RegExp(`^/api/hubs/${hub}/groups/([^/]+)/:send$`).exec(url.pathname) ?? [];
    if (request.method !== 'POST' || group === undefined) return reply(404);
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    try {
      await verified(bearer, url.href);
    } catch {
      return reply(401);
    }
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > mostBytes) return reply(413);
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString();
    const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
    try {
      const data: unknown = isJson ? JSON.parse(text) : text;
      toGroup(decodeURIComponent(group), { dataType: isJson ? 'json' : 'text', data });
    } catch {
      return reply(400);
    }
    return reply(202);
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      log.warn('wake-up hub failed', { error: String(error) });
      response.destroy();
    });
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => {});
    connect(request, stream, head).catch(() => stream.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: listening } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${listening}`,
    connections: () => clients.size,
    async close() {
      for (const { socket } of clients) socket.close(1001, 'The hub is shutting down');
      const closed = once(server, 'close');
      server.close();
      setImmediate(() => {
        for (const socket of sockets) socket.destroySoon();
      });
      await closed;
    },
  };
}
