import { second } from '../shared/clock.ts';
import { z } from 'zod';
import { http, type Handler } from './trigger/endpoint.ts';
import { jsonAnswer, publicOperation } from './trigger/operation.ts';
import { json } from './trigger/responses.ts';

const readiness = z.enum(['ready', 'failing']);

const healthSchema = z.object({
  version: z.string(),
  status: readiness,
  dependencies: z.record(z.string(), readiness),
  lastBackup: z
    .object({ id: z.string(), finishedAt: z.string().meta({ format: 'date-time' }) })
    .nullable()
    .describe('The newest whole backup.'),
  lastDrill: z
    .object({
      at: z.string().meta({ format: 'date-time' }),
      passed: z.boolean(),
      backup: z.exactOptional(z.string()),
      rpoSeconds: z.exactOptional(z.number().describe('Age of the backup that was restored.')),
      rtoSeconds: z.exactOptional(z.number().describe('How long verifying and restoring took.')),
      documents: z.exactOptional(z.number().int()),
    })
    .nullable()
    .describe('The last rehearsal of a restore.'),
});

/** Readiness of each dependency: 200 when all are ready, else 503. */
export const health: Handler = async (services) => {
  const report = await services.health();
  const finishedAt = report.lastBackup?.finishedAt;
  if (finishedAt !== undefined)
    services.telemetry.measure(
      'drawbridge.backup.age',
      (services.clock.now() - Date.parse(finishedAt)) / second,
    );
  const answer: z.infer<typeof healthSchema> = { version: services.version, ...report };
  return json(report.status === 'ready' ? 200 : 503, answer);
};

http('health', {
  methods: ['GET'],
  route: 'api/health',
  handler: health,
  operations: [
    publicOperation({
      id: 'readHealth',
      method: 'GET',
      path: '/api/health',
      summary: 'Readiness of each dependency, version, last backup and drill',
      answers: {
        200: jsonAnswer('All is ready.', 'Health', healthSchema),
        503: jsonAnswer('Something is failing: which, and not why.', 'Health', healthSchema),
      },
    }),
  ],
});
