import { join } from 'node:path';
import { z } from 'zod';
import { jsonLines } from '../../shared/log.ts';
import { systemClock, systemRandom } from '../../shared/system-clock.ts';
import { startDemoSystem } from './demo-system.ts';

/**
 * Hilltop Monitor as a program of its own: `main.js '{"port":0,"hostname":"127.0.0.1","dataDir":"..."}'`.
 * Prints one line of JSON on standard output when it is ready, for the program that started it: the
 * line holds the admin's password. The log goes to standard error.
 * Stops on SIGTERM, SIGINT, or when the process that started it goes away.
 */
const webAddress = z.url({ protocol: /^https?$/ });
const optionsSchema = z.strictObject({
  port: z.int().min(0).max(65_535).default(0),
  hostname: z.string().default('127.0.0.1'),
  dataDir: z.string().min(1),
  gateway: z
    .union([
      z.strictObject({ url: webAddress, key: z.string().min(1) }),
      z.strictObject({ url: webAddress, keyFile: z.string().min(1) }),
    ])
    .optional(),
});

const log = jsonLines(
  (line) => process.stderr.write(`${line}\n`),
  () => new Date(systemClock.now()).toISOString(),
);
const options = optionsSchema.parse(JSON.parse(process.argv[2] ?? '{}'));
const system = await startDemoSystem({ ...options, clock: systemClock, random: systemRandom, log });

let stopping = false;
const stop = () => {
  if (stopping) return;
  stopping = true;
  void system.close().then(() => {
    if (process.connected) process.disconnect();
  });
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
process.once('disconnect', stop);

const ready = {
  ready: true,
  origin: system.origin,
  adminName: system.adminName,
  adminPassword: system.adminPassword,
  adminPasswordFile: join(options.dataDir, 'admin-password.txt'),
};
process.stdout.write(`${JSON.stringify(ready)}\n`);
