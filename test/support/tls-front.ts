import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import type { Certified } from './certificate-authority.ts';

export interface TlsFront {
  readonly port: number;
  close(): Promise<void>;
}

export interface TlsFrontOptions {
  readonly certified: Certified;
  /** The port behind each host name of the Host field, with TLS or without; `*` stands for all others. */
  readonly behind: Readonly<Record<string, number | { readonly tls: number; readonly ca: string }>>;
  readonly port?: number;
  readonly hostname?: string;
  readonly minVersion?: tls.SecureVersion;
  readonly maxVersion?: tls.SecureVersion;
  /** Takes the fields of a WebSocket handshake away, as middleboxes do that know no WebSockets. */
  readonly stripsUpgrade?: boolean;
}

/**
 * What stands before the service and its relay: ends TLS, and passes each connection on by the Host field of its first
 * request, so that WebSockets and streams go through untouched.
 */
export async function startTlsFront(options: TlsFrontOptions): Promise<TlsFront> {
  const { certified, behind, stripsUpgrade, minVersion = 'TLSv1.2', maxVersion = 'TLSv1.3' } = options;
  const open = new Set<Socket>();
  const server = tls.createServer({
    ...certified,
    minVersion,
    maxVersion,
    // OpenSSL does not offer what is older than TLS 1.2 at its usual level.
    ...(maxVersion < 'TLSv1.2' && { ciphers: 'DEFAULT@SECLEVEL=0' }),
  });
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (near) => {
    near.on('error', () => {});
    const begun: Buffer[] = [];
    near.on('data', function read(chunk: Buffer) {
      begun.push(chunk);
      const head = Buffer.concat(begun);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      near.off('data', read).pause();
      pass(near, head);
    });
  });

  function pass(near: tls.TLSSocket, head: Buffer): void {
    const text = head.toString('latin1');
    const [, host = ''] = /^host: *([^:\r]+)/im.exec(text) ?? [];
    const port = behind[host.toLowerCase()] ?? behind['*'];
    if (port === undefined)
      return void near.end('HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n');
    const far =
      typeof port === 'number'
        ? connect(port, '127.0.0.1')
        : tls.connect({ port: port.tls, host: '127.0.0.1', servername: host, ca: port.ca });
    open.add(far);
    far
      .on('error', () => near.destroy())
      .on('close', () => {
        open.delete(far);
        near.destroy();
      });
    near.on('close', () => far.destroy());
    const sent = stripsUpgrade
      ? text.replace(/^(upgrade|connection|sec-websocket-[a-z]+):.*\r\n/gim, '')
      : text;
    far.write(Buffer.from(sent, 'latin1'));
    near.pipe(far);
    far.pipe(near);
  }

  server.listen(options.port ?? 0, options.hostname ?? '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
