import { http, type Handler } from './trigger/endpoint.ts';
import { json } from './trigger/responses.ts';
import { systemOf } from './trigger/system-bearer.ts';

/** To whom a gateway is connected. */
export const systemRead: Handler = async (services, request) => {
  const { system, gateway } = await systemOf(services, request);
  const organization = await services.organizations.read(system.organizationId);
  return json(200, {
    id: system.id,
    name: system.name,
    slug: system.slug,
    connectedAt: system.connectedAt,
    gateway: { id: gateway.id, name: gateway.name },
    organization: { name: organization?.name ?? '', slug: organization?.slug ?? '' },
  });
};

http('system-read', { methods: ['GET'], route: 'api/system', handler: systemRead });
