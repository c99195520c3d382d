import { createServer } from 'node:net';
import { startOnPremApplication } from '../support/on-prem-application.ts';

/** The on-prem application, and beside it a program that nobody outside may reach. */
await startOnPremApplication(0, { port: 8080, hostname: '0.0.0.0' });
createServer((socket) => socket.end('secret')).listen(8081, '0.0.0.0', () => process.stdout.write('ready\n'));
