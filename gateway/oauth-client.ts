import { z } from 'zod';
import { GatewayError } from './gateway-error.ts';
import type { HttpAnswer, HttpClient } from './http-client.ts';
import type { OAuthMetadata } from './oauth-metadata.ts';

export const clientId = 'drawbridge-gateway';

const deviceGrantSchema = z.object({
  device_code: z.string().min(1),
  user_code: z.string().min(1),
  verification_uri: z.url(),
  verification_uri_complete: z.url().optional(),
  expires_in: z.number().positive(),
  interval: z.number().positive().default(5),
});

const tokenSchema = z.object({
  access_token: z.string().min(1),
  // RFC 6749 section 5.1: the value is case insensitive.
  token_type: z.string().regex(/^bearer$/i, 'must be Bearer'),
  expires_in: z.number().positive(),
  refresh_token: z.string().min(1),
  system_id: z.string().min(1),
  system_name: z.string(),
  organization_name: z.string(),
  gateway_id: z.string().min(1),
});

// RFC 6749 section 6: a refresh answer may leave out what did not change.
const renewedSchema = tokenSchema.partial({
  refresh_token: true,
  system_id: true,
  system_name: true,
  organization_name: true,
  gateway_id: true,
});

const errorSchema = z.object({
  error: z.string(),
  error_description: z.string().optional(),
  error_code: z.string().optional(),
});

export type DeviceGrant = z.infer<typeof deviceGrantSchema>;
export type Tokens = z.infer<typeof tokenSchema>;
export type RenewedTokens = z.infer<typeof renewedSchema>;
type OAuthErrorBody = z.infer<typeof errorSchema>;

/** RFC 8628 section 3.5. */
export type PollOutcome =
  | { kind: 'approved'; tokens: Tokens }
  | { kind: 'authorization_pending' }
  | { kind: 'slow_down' }
  | { kind: 'access_denied' }
  | { kind: 'expired_token' };

/** Why a refresh key is refused for good. */
export type RefusalReason = 'expired' | 'reused' | 'revoked' | 'system_deleted' | 'gateway_removed';

/** For good, with the service's own words. */
export interface Refusal {
  kind: 'refused';
  reason: RefusalReason;
  words?: string | undefined;
}

export type RefreshOutcome =
  | { kind: 'renewed'; tokens: RenewedTokens }
  | Refusal
  /** The service took it for an attempt before a newer renewal: nothing was issued, nothing revoked. */
  | { kind: 'superseded' };

/** Which attempt at a renewal this is; see the service's `RenewalAttempt`. */
export interface NamedAttempt {
  nonce: string;
  /** Hashes, newest first. */
  earlier: readonly string[];
}

/** Every method throws GatewayError: `unreachable` when trying again may help, `protocol` or `refused` otherwise. */
export interface OAuthClient {
  /**
   * RFC 8628 section 3.1.
   * @param gateway `refreshToken` is the last one held, when a gateway known to the service asks again
   * @returns a refusal when the service knows that gateway, and that it was ended for good
   */
  startDeviceGrant(gateway: {
    name: string;
    application: string;
    refreshToken?: string | undefined;
  }): Promise<{ kind: 'granted'; grant: DeviceGrant } | Refusal>;
  /** RFC 8628 section 3.4. */
  pollDeviceGrant(deviceCode: string, signal?: AbortSignal): Promise<PollOutcome>;
  /** RFC 6749 section 6. */
  refresh(refreshToken: string, attempt: NamedAttempt): Promise<RefreshOutcome>;
  /** RFC 7009; a token that is not valid (any more) is no error. */
  revoke(token: string): Promise<void>;
}

export function createOAuthClient(metadata: () => Promise<OAuthMetadata>, http: HttpClient): OAuthClient {
  const post = (url: URL, form: Record<string, string>, signal?: AbortSignal) =>
    http.send({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ client_id: clientId, ...form }).toString(),
      ...(signal === undefined ? {} : { signal }),
    });

  return {
    async startDeviceGrant({ name, application, refreshToken }) {
      const { device_authorization_endpoint: url } = await metadata();
      const answer = await post(url, {
        gateway_name: name,
        application,
        ...(refreshToken !== undefined && { refresh_token: refreshToken }),
      });
      if (answer.status === 200) return { kind: 'granted', grant: parse(deviceGrantSchema, url, answer) };
      const error = oauthError(answer);
      if (error?.error !== 'invalid_grant') throw unexpected(url, answer);
      return refusal(error);
    },

    async pollDeviceGrant(deviceCode, signal) {
      const { token_endpoint: url } = await metadata();
      const grantType = 'urn:ietf:params:oauth:grant-type:device_code';
      const answer = await post(url, { grant_type: grantType, device_code: deviceCode }, signal);
      if (answer.status === 200) return { kind: 'approved', tokens: parse(tokenSchema, url, answer) };
      const error = oauthError(answer)?.error;
      switch (error) {
        case 'authorization_pending':
        case 'slow_down':
        case 'access_denied':
        case 'expired_token':
          return { kind: error };
        // A code that the service no longer knows, since it was used or cleaned away, is over as well.
        case 'invalid_grant':
          return { kind: 'expired_token' };
        default:
          throw unexpected(url, answer);
      }
    },

    async refresh(refreshToken, { nonce, earlier }) {
      const { token_endpoint: url } = await metadata();
      const answer = await post(url, {
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        attempt: nonce,
        ...(earlier.length > 0 && { earlier_attempts: earlier.join(',') }),
      });
      if (answer.status === 200) return { kind: 'renewed', tokens: parse(renewedSchema, url, answer) };
      const error = oauthError(answer);
      if (error?.error !== 'invalid_grant') throw unexpected(url, answer);
      if (error.error_code === 'superseded') return { kind: 'superseded' };
      return refusal(error);
    },

    async revoke(token) {
      const { revocation_endpoint: url } = await metadata();
      const answer = await post(url, { token });
      if (answer.status !== 200) throw unexpected(url, answer);
    },
  };
}

const refusalReasons: readonly string[] = ['expired', 'reused', 'system_deleted', 'gateway_removed'];
const isRefusalReason = (code: string | undefined): code is RefusalReason =>
  code !== undefined && refusalReasons.includes(code);

const longestWords = 300;

function refusal({ error_code: code, error_description: words }: OAuthErrorBody): Refusal {
  // RFC 6749 section 5.2: printable ASCII; what comes is shown to people, so it is held to that.
  const said = words?.replace(/[^\x20-\x7e]/g, ' ').slice(0, longestWords);
  return { kind: 'refused', reason: isRefusalReason(code) ? code : 'revoked', words: said };
}

function parse<T>(schema: z.ZodType<T>, url: URL, answer: HttpAnswer): T {
  const parsed = schema.safeParse(json(answer));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new GatewayError(
    'protocol',
    `The answer of ${url.origin}${url.pathname} is not usable: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  );
}

function json(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    return undefined;
  }
}

function oauthError(answer: HttpAnswer): OAuthErrorBody | undefined {
  const parsed = errorSchema.safeParse(json(answer));
  return parsed.success ? parsed.data : undefined;
}

/** An answer outside the protocol. 429 and 5xx pass; so does 408, which proxies send. */
function unexpected(url: URL, answer: HttpAnswer): GatewayError {
  const error = oauthError(answer);
  const words = error === undefined ? '' : `: ${error.error_description ?? error.error}`;
  const passes = answer.status >= 500 || answer.status === 429 || answer.status === 408;
  return new GatewayError(
    passes ? 'unreachable' : 'refused',
    `${url.origin}${url.pathname} answers ${answer.status}${words}`,
  );
}
