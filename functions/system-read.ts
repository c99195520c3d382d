import { z } from 'zod';
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
  gateway: z.object({ id: z.string(), name: z.string() }),
  organization: z.object({ name: z.string(), slug: z.string() }),
});

/** To whom a gateway is connected. */
export const systemRead: Handler = async (services, request) => {
  const { system, gateway } = await systemOf(services, request);
  const organization = await services.organizations.read(system.organizationId);
  const answer: z.infer<typeof systemViewSchema> = {
    id: system.id,
    name: system.name,
    slug: system.slug,
    connectedAt: system.connectedAt,
    gateway: { id: gateway.id, name: gateway.name },
    organization: { name: organization?.name ?? '', slug: organization?.slug ?? '' },
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
