import type * as OpenId from 'openid-client';
import { day, type Clock } from '../clock.ts';
import { parseEmailAddress, type EmailAddress } from '../email/email-address.ts';
import type { Log } from '../log.ts';

export interface IdentityProviderSettings {
  /** https, or http on this machine. */
  readonly issuer: string;
  readonly clientId: string;
  /** Absent for a public client, which PKCE alone protects. */
  readonly clientSecret: string | undefined;
  /** On the button. */
  readonly name: string;
}

/** Why a sign-in at the provider came to nothing. */
export type ProviderFailureReason = 'unreachable' | 'denied' | 'refused' | 'unverified';

export class ProviderFailure extends Error {
  override name = 'ProviderFailure';
  readonly reason: ProviderFailureReason;

  constructor(reason: ProviderFailureReason, cause?: unknown) {
    super(`identity provider: ${reason}`, { cause });
    this.reason = reason;
  }
}

/** What ties an answer to the browser that asked: RFC 6749 section 10.12, OpenID Connect 3.1.2.1, RFC 7636. */
export interface ProviderChecks {
  readonly state: string;
  readonly nonce: string;
  /** 43 to 128 characters. */
  readonly verifier: string;
}

/** A person as the provider vouches for them. */
export interface ProvidedIdentity {
  readonly subject: string;
  readonly email: EmailAddress;
  /** Whether the provider says that it asked for more than one factor (RFC 8176 section 2, `mfa`). */
  readonly severalFactors: boolean;
}

const patience = 10;

/**
 * An OpenID provider, by the authorization code flow with PKCE. Its metadata is read on first use, kept, and
 * read again behind the back of callers once a day, so that an outage there stops nothing that worked before.
 */
export function createIdentityProvider({
  settings: { issuer, clientId, clientSecret, name },
  redirectUri,
  clock,
  log,
}: {
  settings: IdentityProviderSettings;
  /** Registered at the provider, exactly so (RFC 9700 section 2.1). */
  redirectUri: string;
  clock: Clock;
  log: Log;
}) {
  let known: { readonly configuration: OpenId.Configuration; readonly at: number } | undefined;
  let asking: Promise<OpenId.Configuration> | undefined;

  async function discover(): Promise<OpenId.Configuration> {
    const client = await import('openid-client');
    const authentication: OpenId.ClientAuth =
      clientSecret === undefined
        ? client.None()
        : (server, metadata, body, headers) => {
            // OpenID Connect Discovery section 3: basic where nothing is said.
            const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
            const use = methods.includes('client_secret_basic')
              ? client.ClientSecretBasic
              : client.ClientSecretPost;
            use(clientSecret)(server, metadata, body, headers);
          };
    const configuration = await client.discovery(new URL(issuer), clientId, {}, authentication, {
      timeout: patience,
      execute: [
        // Signatures are checked even of what came straight from the provider.
        client.enableNonRepudiationChecks,
        ...(issuer.startsWith('http:') ? [client.allowInsecureRequests] : []),
      ],
    });
    known = { configuration, at: clock.now() };
    return configuration;
  }

  const ask = () =>
    (asking ??= discover().finally(() => {
      asking = undefined;
    }));

  async function configuration(): Promise<OpenId.Configuration> {
    if (known === undefined) return ask();
    if (clock.now() - known.at >= day) {
      ask().catch((error: unknown) => log.warn('identity provider not read again', { error: String(error) }));
    }
    return known.configuration;
  }

  function failure(error: unknown): ProviderFailure {
    if (error instanceof ProviderFailure) return error;
    const reason = reasonOf(error);
    if (reason !== 'denied') log.warn('identity provider failed', { reason, error: wordsOf(error) });
    return new ProviderFailure(reason, error);
  }

  return {
    name,
    issuer,

    /** Where to send the browser. @throws ProviderFailure unreachable */
    async authorizationUrl({ state, nonce, verifier }: ProviderChecks): Promise<URL> {
      try {
        const client = await import('openid-client');
        return client.buildAuthorizationUrl(await configuration(), {
          redirect_uri: redirectUri,
          scope: 'openid email',
          state,
          nonce,
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        });
      } catch (error) {
        throw new ProviderFailure('unreachable', failure(error));
      }
    },

    /**
     * Redeems what the browser brought back. State, `iss` (RFC 9207), nonce, audience, times and signature are
     * checked; an address counts only if the provider says that it verified it.
     *
     * @param query of the redirect, as it came
     * @throws ProviderFailure
     */
    async redeem(
      query: URLSearchParams,
      { state, nonce, verifier }: ProviderChecks,
    ): Promise<ProvidedIdentity> {
      try {
        const client = await import('openid-client');
        const config = await configuration();
        const answer = new URL(redirectUri);
        answer.search = query.toString();
        const tokens = await client.authorizationCodeGrant(config, answer, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (claims === undefined) throw new ProviderFailure('refused');
        const person =
          claims.email === undefined && config.serverMetadata().userinfo_endpoint !== undefined
            ? await client.fetchUserInfo(config, tokens.access_token, claims.sub)
            : claims;
        const email = typeof person.email === 'string' ? parseEmailAddress(person.email) : undefined;
        if (email === undefined || person.email_verified !== true) throw new ProviderFailure('unverified');
        const severalFactors = Array.isArray(claims.amr) && claims.amr.includes('mfa');
        return { subject: claims.sub, email, severalFactors };
      } catch (error) {
        throw failure(error);
      }
    },
  };
}

export type IdentityProvider = ReturnType<typeof createIdentityProvider>;

/** An error with everything that caused it. */
function* causes(error: unknown): Generator<object> {
  for (let each = error, depth = 0; typeof each === 'object' && each !== null && depth < 8; depth++) {
    yield each;
    each = 'cause' in each ? each.cause : undefined;
  }
}

const textOf = (value: object, member: string): string => {
  const found: unknown = Object.entries(value).find(([name]) => name === member)?.[1];
  return typeof found === 'string' ? found : '';
};

/** RFC 6749 section 4.1.2.1 for what the provider says itself. */
function reasonOf(error: unknown): ProviderFailureReason {
  for (const cause of causes(error)) {
    const said = textOf(cause, 'error');
    if (said === 'access_denied') return 'denied';
    if (said === 'temporarily_unavailable' || said === 'server_error') return 'unreachable';
    if (/^(?:E[A-Z]+|UND_ERR_\w+|OAUTH_TIMEOUT)$/.test(textOf(cause, 'code'))) return 'unreachable';
    if (cause instanceof Response && cause.status >= 500) return 'unreachable';
  }
  return 'refused';
}

/** For the log: what went wrong, and no parameter of the answer. */
const wordsOf = (error: unknown): string =>
  [...causes(error)]
    .map((cause) => [textOf(cause, 'code'), textOf(cause, 'error')].filter(Boolean).join(' '))
    .filter(Boolean)
    .join('; ') || (error instanceof Error ? error.message : 'unknown');
