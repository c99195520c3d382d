import type { HttpRequest } from '@azure/functions';
import type { Configuration } from '../../shared/configuration.ts';
import { sameSecret } from '../../shared/identifier.ts';
import { Problem } from '../../shared/problem.ts';

/** Azure Front Door's own fields. It replaces whatever the client sent under these names. */
const idField = 'x-azure-fdid';
/**
 * The address the connection to Front Door came from. Not X-Azure-ClientIP, which repeats what the client said in its
 * X-Forwarded-For.
 */
export const socketAddressField = 'x-azure-socketip';

/**
 * Lets a request in that came through the Front Door of this service, where it has one: the front ends of all of
 * Azure's customers share their addresses, so the firewall of the function app alone tells them not apart. Where it
 * has none, nobody may claim an address in the name of one.
 *
 * @throws Problem forbidden
 */
export function throughFrontDoor(
  { frontDoorId }: Pick<Configuration, 'frontDoorId'>,
  request: HttpRequest,
): void {
  if (frontDoorId === undefined) return request.headers.delete(socketAddressField);
  const named = (request.headers.get(idField) ?? '').toLowerCase();
  if (!sameSecret(named, frontDoorId))
    throw new Problem('forbidden', 'This service is reached by its own address only.');
}
