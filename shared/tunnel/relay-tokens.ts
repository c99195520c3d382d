import { instant, minute, hour, type Clock, type Instant } from '../clock.ts';
import type { SystemId } from '../identifier.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import { createSasToken } from './sas-token.ts';

/** SAS rules of the relay namespace: one key may only listen, the other only send. */
export const listenRule = 'gateways-listen';
export const sendRule = 'service-send';

const listenerTokenLifetime = hour;

const keyText = (value: Uint8Array) => Buffer.from(value).toString('base64');

/** `http://` whatever the scheme is: so Service Bus names its resources. */
const resource = (endpoint: string, path: string) => `http://${new URL(endpoint).hostname}/${path}`;

export interface ListenerToken {
  /** `wss://` origin of the relay. */
  readonly endpoint: string;
  /** The hybrid connection of the system. */
  readonly path: string;
  readonly token: string;
  readonly expiresAt: Instant;
}

/** Gives a gateway the right to listen on the hybrid connection of its system, and no other, for one hour. */
export function createListenerTokens({
  secrets,
  clock,
  endpoint,
  prepare,
}: {
  secrets: SecretStore;
  clock: Clock;
  endpoint: string;
  /** Makes the hybrid connection where there is none before. @throws Problem */
  prepare?: ((path: string) => Promise<void>) | undefined;
}) {
  return async (systemId: SystemId): Promise<ListenerToken> => {
    await prepare?.(systemId);
    const { value } = await secrets.current('relay-listen-key');
    const expires = clock.now() + listenerTokenLifetime;
    return {
      endpoint: endpoint.replace(/^http/, 'ws'),
      path: systemId,
      token: createSasToken({
        resource: resource(endpoint, systemId),
        keyName: listenRule,
        key: keyText(value),
        expiresAt: expires,
      }),
      expiresAt: instant(expires),
    };
  };
}

/** The authorization of the tunnel function towards the relay, kept for a few minutes. */
export function senderAuthorization({
  secrets,
  clock,
  endpoint,
}: {
  secrets: SecretStore;
  clock: Clock;
  endpoint: string;
}) {
  const kept = new Map<string, { token: string; until: number }>();
  return async (path: string): Promise<string> => {
    const now = clock.now();
    const cached = kept.get(path);
    if (cached && cached.until > now) return cached.token;
    const { value } = await secrets.current('relay-send-key');
    const token = createSasToken({
      resource: resource(endpoint, path),
      keyName: sendRule,
      key: keyText(value),
      expiresAt: now + 10 * minute,
    });
    if (kept.size > 10_000) kept.clear();
    kept.set(path, { token, until: now + 5 * minute });
    return token;
  };
}
