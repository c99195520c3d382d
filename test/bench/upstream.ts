import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The on-prem application of the benchmarks, a process of its own: 1 kB, 100 MB, 1 GB, and a stream. */
const kilobyte = Buffer.alloc(1024, 'k');
const block = Buffer.alloc(256 * 1024, 'b');
const blocksOf: Record<string, number> = { '/large': 400, '/gigabyte': 4096 };

const server = createServer((request, response) => {
  if (request.url === '/kilobyte') {
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': kilobyte.length,
    });
    response.end(kilobyte);
    return;
  }
  const blocks = blocksOf[request.url ?? ''];
  if (blocks !== undefined) {
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': block.length * blocks,
    });
    let sent = 0;
    const write = () => {
      while (sent < blocks) {
        sent++;
        if (sent === blocks) response.end(block);
        else if (!response.write(block)) break;
      }
    };
    response.on('drain', write);
    write();
    return;
  }
  if (request.url === '/stream') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const timer = setInterval(() => response.write(`data: ${process.hrtime.bigint()}\n\n`), 5);
    response.once('close', () => clearInterval(timer));
    return;
  }
  response.writeHead(404).end();
}).listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.once('disconnect', () => process.exit(0));
