import { z } from 'zod';
import { minute } from '../shared/clock.ts';
import type { Clock } from '../shared/clock.ts';
import { GatewayError } from './gateway-error.ts';
import type { HttpClient } from './http-client.ts';
import { insecureAddress } from './service-origin.ts';

const endpoint = z.url().transform((text, context) => {
  const url = new URL(text);
  const insecure = insecureAddress(url);
  if (insecure === undefined) return url;
  context.addIssue({ code: 'custom', message: insecure });
  return z.NEVER;
});

const metadataSchema = z.object({
  issuer: z.string(),
  device_authorization_endpoint: endpoint,
  token_endpoint: endpoint,
  revocation_endpoint: endpoint,
});

/** The members of RFC 8414 section 2 that a gateway uses. */
export type OAuthMetadata = z.infer<typeof metadataSchema>;

/** Gives the service's metadata; it is asked for again after ten minutes. */
export function oauthMetadata(service: URL, http: HttpClient, clock: Clock): () => Promise<OAuthMetadata> {
  let known: { metadata: OAuthMetadata; until: number } | undefined;
  return async () => {
    if (known === undefined || clock.now() >= known.until || known.until - clock.now() > 10 * minute) {
      known = { metadata: await discover(service, http), until: clock.now() + 10 * minute };
    }
    return known.metadata;
  };
}

/**
 * RFC 8414 section 3.
 * @throws GatewayError `protocol` when what answers is not this service
 */
export async function discover(service: URL, http: HttpClient): Promise<OAuthMetadata> {
  const url = new URL('/.well-known/oauth-authorization-server', service);
  const answer = await http.send({ method: 'GET', url });
  if (answer.status >= 500)
    throw new GatewayError('unreachable', `${service.origin} answers ${answer.status}.`);
  if (answer.status !== 200) {
    throw new GatewayError(
      'protocol',
      `${service.origin} is not a Drawbridge service: ${url.pathname} answers ${answer.status}.`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(answer.text);
  } catch {
    throw new GatewayError(
      'protocol',
      `${service.origin} is not a Drawbridge service: ${url.pathname} is not JSON.`,
    );
  }
  const parsed = metadataSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new GatewayError(
      'protocol',
      `The metadata of ${service.origin} is not usable: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    );
  }
  // RFC 8414 section 3.3: the issuer must be identical to the one asked, or another server may answer for it.
  if (parsed.data.issuer !== service.origin) {
    throw new GatewayError(
      'protocol',
      `${service.origin} says that it is ${parsed.data.issuer}. Write that address as \`service\` if it is the one you mean.`,
    );
  }
  return parsed.data;
}
