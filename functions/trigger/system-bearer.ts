import type { HttpRequest } from '@azure/functions';
import type { Share } from '../../shared/shares/share.ts';
import type { Services } from './services.ts';

/** The access token of a request (RFC 6750 section 2.1). */
function bearerToken(request: HttpRequest): string | undefined {
  return /^Bearer ([\w.~+/=-]+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
}

/** The system that sent a request. @throws Problem unauthorized */
export const systemOf = (services: Services, request: HttpRequest) =>
  services.systems.authenticate(bearerToken(request));

/** The system that sent a request, and the share of its own that the route names. @throws Problem */
export async function systemShareOf(services: Services, request: HttpRequest) {
  const caller = await systemOf(services, request);
  const share: Share = await services.shares.ofSystem(caller.system.id, request.params.shareId ?? '');
  return { ...caller, share };
}
