import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Sends bytes as they are and gives every byte that comes back until the server ends the connection. */
export async function rawExchange(port: number, ...parts: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  for (const part of parts) socket.write(part, 'latin1');
  return readToEnd(socket);
}

async function readToEnd(socket: Socket): Promise<string> {
  let received = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk));
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return received;
}

/** The lines of a request that asks for the connection to be closed. */
export const requestText = (line: string, ...fields: readonly string[]): string =>
  [`${line} HTTP/1.1`, 'Host: x.example', 'Connection: close', ...fields, '', ''].join('\r\n');
