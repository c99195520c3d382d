import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export type ProxyManner = 'connects' | 'asks for credentials' | 'refuses' | 'fails' | 'hangs' | 'cuts';

export interface DifficultProxy {
  readonly url: string;
  manner: ProxyManner;
  /** `host:port` of every CONNECT, in order. */
  readonly asked: string[];
  /** Cuts every connection that it made. */
  cut(): void;
  /** Open sockets from its users. */
  sockets(): number;
  close(): Promise<void>;
}

/**
 * A small proxy for CONNECT with Basic credentials, which can be as difficult as real ones.
 * @param routes where `host:port` really is
 * @param credentials `user:password`, if it asks for any
 */
export async function startDifficultProxy(
  routes: Readonly<Record<string, number>>,
  credentials?: string,
): Promise<DifficultProxy> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  const server: Server = createServer((near) => {
    open.add(near);
    near.on('error', () => {}).on('close', () => open.delete(near));
    let head = '';
    near.on('data', function read(chunk: Buffer) {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      near.off('data', read);
      const [, authority = ''] = /^CONNECT (\S+) /.exec(head) ?? [];
      asked.push(authority);
      answer(near, authority, head);
    });
  });

  function answer(near: Socket, authority: string, head: string): void {
    const refuse = (status: string) => void near.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
    const [, given] = /^proxy-authorization: Basic (\S+)\r$/im.exec(head) ?? [];
    if (proxy.manner === 'hangs') return;
    if (proxy.manner === 'cuts') return void near.destroy();
    if (proxy.manner === 'refuses') return refuse('403 Forbidden');
    if (proxy.manner === 'fails') return refuse('503 Service Unavailable');
    const wanted = credentials === undefined ? undefined : Buffer.from(credentials).toString('base64');
    if (given !== wanted || proxy.manner === 'asks for credentials') {
      return refuse('407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"');
    }
    const port = routes[authority];
    if (port === undefined) return refuse('502 Bad Gateway');
    const far = connect(port, '127.0.0.1', () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n');
      near.pipe(far);
      far.pipe(near);
    });
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    near.on('close', () => far.destroy());
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: DifficultProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    manner: 'connects',
    asked,
    sockets: () => open.size,
    cut: () => open.forEach((socket) => socket.destroy()),
    async close() {
      proxy.cut();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
