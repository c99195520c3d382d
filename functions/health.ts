import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readHealth } from '../shared/status/health.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { json } from './trigger/responses.ts';

const version = readFile(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8').then(
  (text) => (JSON.parse(text) as { version: string }).version,
);

/** Readiness of each dependency: 200 when all are ready, else 503. */
export const health: Handler = async (services) => {
  const report = await readHealth(services);
  return json(report.status === 'ready' ? 200 : 503, { version: await version, ...report });
};

http('health', { methods: ['GET'], route: 'api/health', handler: health });
