import { GatewayError } from './gateway-error.ts';
import { renewCredentials } from './renewal.ts';
import type { RenewalParts } from './renewal.ts';
import { advice } from './advice.ts';
import { areUsable } from './state/credentials.ts';
import type { Credentials } from './state/credentials.ts';

/** Gives the access token for calls to the service. */
export interface Access {
  /** @throws GatewayError `not-connected` */
  token(): Promise<string>;
  /**
   * After the service answered 401: a newer token than the rejected one, renewed now if need be.
   * @throws GatewayError `not-connected` when the gateway may not renew any more
   */
  tokenAfterRejection(rejected: string): Promise<string>;
}

/** @param service origin that the credentials must have come from */
export function createAccess(service: string, parts: RenewalParts): Access {
  const tokenOf = (credentials: Credentials | undefined): string => {
    if (!areUsable(credentials)) throw new GatewayError('not-connected', advice(credentials));
    if (credentials.service !== service) {
      throw new GatewayError(
        'not-connected',
        `This gateway is connected to ${credentials.service}, but its configuration names ${service}. Correct the configuration, or disconnect and connect again.`,
      );
    }
    return credentials.accessToken;
  };
  return {
    token: async () => tokenOf(await parts.store.read()),
    tokenAfterRejection: async (rejected) =>
      tokenOf(
        await renewCredentials(
          parts,
          (credentials) => credentials.accessToken === rejected && credentials.service === service,
        ),
      ),
  };
}
