import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { instant, minute, second, type Clock, type Random } from '../clock.ts';
import type { EmailAddress } from '../email/email-address.ts';
import { hmac, newSecret, sameSecret, sha256 } from '../identifier.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import type { UsedHandoff } from '../shares/share-handoff.ts';
import type { Collection } from '../store/collection.ts';
import { DocumentExists } from '../store/document-store.ts';
import { accountFor, type Account, type StoredAccount } from './account.ts';
import type { Factor } from './factor.ts';
import {
  ProviderFailure,
  type IdentityProvider,
  type ProviderChecks,
  type ProviderFailureReason,
} from './identity-provider.ts';
import type { ProviderLinks } from './provider-link.ts';
import type { Limit, Throttle } from './throttle.ts';
import { networkOf } from './visit.ts';

/** Milliseconds that somebody may take at the provider. */
export const providerSignInLifetime = 10 * minute;
/** Each answer costs the provider a request of ours. */
const perSource: Limit = { count: 60, window: 10 * minute };

const claimsSchema = z.object({ jti: z.string(), returnTo: z.string() });

export type ProviderSignInOutcome =
  | {
      readonly kind: 'proved';
      readonly account: Account;
      readonly factor: Factor;
      readonly returnTo: string;
      /** Set when the provider knew this person by another address before. */
      readonly movedFrom?: EmailAddress | undefined;
    }
  /** `stale`: too old, used already, or begun in another browser. `taken`: see `LinkOutcome`. */
  | { readonly kind: ProviderFailureReason | 'stale' | 'taken' };

export interface ProviderSignInDependencies {
  readonly provider: IdentityProvider;
  readonly links: ProviderLinks;
  readonly accounts: Collection<StoredAccount>;
  readonly used: Collection<UsedHandoff>;
  readonly throttle: Throttle;
  readonly secrets: SecretStore;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Sign-in at an OpenID provider. What ties its answer to this browser follows from a signed cookie, so that
 * beginning stores nothing (a GET changes nothing); each cookie is good for one answer within 10 minutes
 * (RFC 9700 section 4.7).
 */
export function createProviderSignIn(deps: ProviderSignInDependencies) {
  const { provider, links, accounts, used, throttle, secrets, clock, random } = deps;

  const checksFor = (key: Uint8Array, id: string): ProviderChecks => ({
    state: hmac(key, `provider state ${id}`),
    nonce: hmac(key, `provider nonce ${id}`),
    verifier: hmac(key, `provider verifier ${id}`),
  });

  /** What `begin` put into the cookie. @returns undefined for anything else, and for what is too old */
  async function read(cookie: string) {
    let key: Uint8Array | undefined;
    try {
      const { payload } = await jwtVerify(
        cookie,
        async ({ kid }) => {
          key = kid === undefined ? undefined : (await secrets.version('handoff', kid))?.value;
          if (!key) throw new errors.JWKSNoMatchingKey();
          return key;
        },
        {
          algorithms: ['HS256'],
          typ: 'provider-sign-in+jwt',
          requiredClaims: ['exp'],
          currentDate: new Date(clock.now()),
        },
      );
      const { jti, returnTo } = claimsSchema.parse(payload);
      return key && { id: jti, returnTo, checks: checksFor(key, jti) };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  /** @returns whether it was free */
  async function use(id: string): Promise<boolean> {
    const key = sha256(`provider sign-in ${id}`);
    const expiresAt = instant(clock.now() + providerSignInLifetime);
    try {
      await used.create({ id: key, pk: key, schemaVersion: 1, expiresAt });
      return true;
    } catch (error) {
      if (error instanceof DocumentExists) return false;
      throw error;
    }
  }

  return {
    /** On the button. */
    name: provider.name,

    /**
     * @param returnTo a path of the portal
     * @returns where to send the browser, and what its cookie must hold
     * @throws ProviderFailure unreachable
     */
    async begin(returnTo: string): Promise<{ location: string; cookie: string }> {
      const secret = await secrets.current('handoff');
      const id = newSecret(random);
      const location = await provider.authorizationUrl(checksFor(secret.value, id));
      const now = Math.floor(clock.now() / second);
      const cookie = await new SignJWT({ returnTo })
        .setProtectedHeader({ alg: 'HS256', typ: 'provider-sign-in+jwt', kid: secret.version })
        .setJti(id)
        .setIssuedAt(now)
        .setExpirationTime(now + providerSignInLifetime / second)
        .sign(secret.value);
      return { location: location.href, cookie };
    },

    /**
     * @param query of the redirect, as it came
     * @param cookie as `begin` made it
     * @param source network address of the browser
     * @param proved the address of whoever is signed in here already
     * @throws Problem too-many-requests
     */
    async finish(
      query: URLSearchParams,
      cookie: string | undefined,
      source: string,
      proved: EmailAddress | undefined,
    ): Promise<ProviderSignInOutcome> {
      const begun = cookie === undefined ? undefined : await read(cookie);
      if (!begun || !sameSecret(begun.checks.state, query.get('state') ?? '')) return { kind: 'stale' };
      await throttle.take(`provider sign-in ${networkOf(source)}`, perSource);
      if (!(await use(begun.id))) return { kind: 'stale' };
      try {
        const identity = await provider.redeem(query, begun.checks);
        const link = await links.link(identity, proved);
        if (link.kind === 'taken') return { kind: 'taken' };
        return {
          kind: 'proved',
          account: await accountFor(accounts, clock, identity.email),
          factor: identity.severalFactors ? 'provider-mfa' : 'provider',
          returnTo: begun.returnTo,
          ...(link.kind === 'moved' && { movedFrom: link.from }),
        };
      } catch (error) {
        if (error instanceof ProviderFailure) return { kind: error.reason };
        throw error;
      }
    },
  };
}

export type ProviderSignIn = ReturnType<typeof createProviderSignIn>;
