import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { onCleanUp, until } from './tunnel-setup.ts';

export type Json = Record<string, Record<string, unknown>>;

/** One WebSocket that a listener opened, seen from the service. */
export interface Channel {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  readonly texts: Json[];
  readonly binaries: Buffer[];
  closure?: { code: number };
}

/** The service as the guide describes it, played by hand on the package ws. */
export async function playService() {
  const opened: Channel[] = [];
  const asked: string[] = [];
  /** Statuses with which the next handshakes are refused. */
  const refusals: number[] = [];
  const http = createServer();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  http.on('upgrade', (request, socket, head) => {
    asked.push(request.url ?? '');
    socket.on('error', () => {});
    const refusal = refusals.shift();
    if (refusal !== undefined) return socket.end(`HTTP/1.1 ${refusal} Refused\r\nContent-Length: 0\r\n\r\n`);
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const channel: Channel = { socket: ws, request, texts: [], binaries: [] };
      ws.on('message', (data: Buffer, binary) => {
        if (binary) channel.binaries.push(data);
        else channel.texts.push(JSON.parse(data.toString()) as Json);
      });
      ws.on('error', () => {});
      ws.on('close', (code) => (channel.closure = { code }));
      opened.push(channel);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const endpoint = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
  onCleanUp(() => {
    for (const { socket } of opened) socket.terminate();
    return new Promise((resolve) => http.close(resolve));
  });
  return {
    endpoint,
    opened,
    asked,
    refusals,
    rendezvous: (id: string) => `${endpoint}/$hc/hyco?sb-hc-action=request&sb-hc-id=${id}`,
    async channel(index = 0): Promise<Channel> {
      await until(() => opened[index] !== undefined);
      return opened[index] as Channel;
    },
  };
}
