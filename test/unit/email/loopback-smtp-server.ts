import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { loopbackCertificate, loopbackKey } from './loopback-certificate.ts';

export interface SmtpScript {
  /** Whether STARTTLS is offered and done. */
  readonly startTls?: boolean;
  /** Answers instead of the usual ones, by the first word of the command; "." is the end of the data. */
  readonly answers?: Readonly<Record<string, string>>;
  /** Close the connection, instead of answering, at this command. */
  readonly hangUpAt?: string;
}

/** An SMTP server on 127.0.0.1 that keeps what it is told. */
export class LoopbackSmtpServer {
  readonly commands: string[] = [];
  readonly mails: string[] = [];
  readonly #script: SmtpScript;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(script: SmtpScript) {
    this.#script = script;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.write('220 loopback ready\r\n');
      this.#talk(socket, socket);
    });
  }

  async start(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address() as AddressInfo;
    return address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #talk(socket: Socket, raw: Socket): void {
    let buffered = '';
    let inData = false;
    const onData = (chunk: Buffer) => {
      buffered += chunk.toString('latin1');
      for (;;) {
        const mark = inData ? '\r\n.\r\n' : '\r\n';
        const end = buffered.indexOf(mark);
        if (end < 0) return;
        const piece = buffered.slice(0, end);
        buffered = buffered.slice(end + mark.length);
        const verb = inData ? '.' : (piece.split(' ')[0] ?? '').toUpperCase();
        if (!inData) this.commands.push(piece);
        if (verb === this.#script.hangUpAt) return void socket.destroy();
        const answer = this.#script.answers?.[verb] ?? this.#usual(verb, socket !== raw);
        if (inData && answer.startsWith('2')) this.mails.push(piece);
        inData = verb === 'DATA' && answer.startsWith('354');
        socket.write(`${answer}\r\n`);
        if (verb === 'STARTTLS' && answer.startsWith('220')) {
          socket.off('data', onData);
          const secure = new TLSSocket(raw, { isServer: true, key: loopbackKey, cert: loopbackCertificate });
          secure.on('error', () => {});
          this.#talk(secure, raw);
        }
      }
    };
    socket.on('data', onData);
    socket.on('error', () => {});
  }

  #usual(verb: string, secure: boolean): string {
    if (verb === 'EHLO') {
      const offers = ['AUTH PLAIN', ...(this.#script.startTls === true && !secure ? ['STARTTLS'] : [])];
      return [
        '250-loopback',
        ...offers.map((offer, at) => `250${at === offers.length - 1 ? ' ' : '-'}${offer}`),
      ].join('\r\n');
    }
    if (verb === 'STARTTLS') return this.#script.startTls === true ? '220 go ahead' : '502 no such command';
    if (verb === 'AUTH') return '235 welcome';
    if (verb === 'DATA') return '354 go ahead';
    return verb === 'QUIT' ? '221 bye' : '250 ok';
  }
}
