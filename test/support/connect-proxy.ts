import { createServer } from 'node:http';
import { connect } from 'node:net';
import { listenOnLoopback } from './loopback-listen.ts';

/**
 * A proxy as HTTPS_PROXY names one, which leads every host of `domain` to a port of this machine: so that a client
 * talks to the real name, over TLS, and never leaves the machine.
 */
export async function startConnectProxy(domain: string, target: number) {
  const server = createServer((_, response) => response.writeHead(403).end());
  server.on('connect', ({ url = '' }, socket, head: Buffer) => {
    if (!url.endsWith(`.${domain}:443`)) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const upstream = connect(target, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  const { port, close } = await listenOnLoopback(server);
  return { url: `http://127.0.0.1:${port}`, close };
}
