import { z } from 'zod';
import { instant } from '../shared/clock.ts';
import { policySchema } from '../shared/policies/policy.ts';
import { instantSchema } from '../shared/store/document-fields.ts';
import { http, type Handler } from './trigger/endpoint.ts';
import { jsonAnswer, systemOperation } from './trigger/operation.ts';
import { json } from './trigger/responses.ts';
import { systemOf } from './trigger/system-bearer.ts';

const systemViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  connectedAt: instantSchema,
  /** Can its dashboards be opened just now? */
  state: z.enum(['connected', 'system-unreachable', 'no-tunnel', 'unknown']),
  /** When one of its gateways was seen last, to within a quarter of an hour. */
  lastSeenAt: instantSchema.optional(),
  gateway: z.object({ id: z.string(), name: z.string() }),
  organization: z.object({ name: z.string(), slug: z.string() }),
  policy: policySchema.describe('What the organization allows; what is absent is free.'),
});

/** To whom a gateway is connected. */
export const systemRead: Handler = async (services, request) => {
  const { system, gateway } = await systemOf(services, request);
  const [organization, state, lastSeenAt] = await Promise.all([
    services.organizations.read(system.organizationId),
    services.tunnelPresence(system.id),
    services.systems.lastSeen(system.id),
  ]);
  const stands = state === 'connected' || state === 'system-unreachable';
  const seen = stands ? instant(services.clock.now()) : lastSeenAt;
  const answer: z.infer<typeof systemViewSchema> = {
    id: system.id,
    name: system.name,
    slug: system.slug,
    connectedAt: system.connectedAt,
    state,
    ...(seen !== undefined && { lastSeenAt: seen }),
    gateway: { id: gateway.id, name: gateway.name },
    organization: { name: organization?.name ?? '', slug: organization?.slug ?? '' },
    policy: organization?.policy ?? {},
  };
  return json(200, answer);
};

http('system-read', {
  methods: ['GET'],
  route: 'api/system',
  handler: systemRead,
  operations: [
    systemOperation({
      id: 'readSystem',
      tag: 'system',
      method: 'GET',
      path: '/api/system',
      summary: 'The system, its organization, and the gateway that asks',
      answers: { 200: jsonAnswer('The system.', 'System', systemViewSchema) },
    }),
  ],
});
