import { readHealth } from '../shared/status/health.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { json } from './trigger/responses.ts';

/** Readiness of each dependency: 200 when all are ready, else 503. */
export const health: Handler = async (services) => {
  const report = await readHealth(services);
  return json(report.status === 'ready' ? 200 : 503, { version: services.version, ...report });
};

http('health', { methods: ['GET'], route: 'api/health', handler: health });
