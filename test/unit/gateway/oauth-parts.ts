import type { OAuthMetadata } from '../../../gateway/oauth-metadata.ts';
import { metadataOf } from './service-peer.ts';

/** The metadata of a service peer without asking for it. */
export function silentMetadata(origin: string): () => Promise<OAuthMetadata> {
  const { issuer, ...endpoints } = metadataOf(origin);
  return async () => ({
    issuer,
    device_authorization_endpoint: new URL(endpoints.device_authorization_endpoint),
    token_endpoint: new URL(endpoints.token_endpoint),
    revocation_endpoint: new URL(endpoints.revocation_endpoint),
  });
}
