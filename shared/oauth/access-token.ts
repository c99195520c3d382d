import { errors, jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../clock.ts';
import type { GatewayId, SystemId } from '../identifier.ts';
import type { SecretStore } from '../secrets/secret-store.ts';

/** Seconds an access token is valid: 7 days. */
export const accessTokenLifetime = 7 * 24 * 3600;

export interface AccessTokenClaims {
  readonly systemId: SystemId;
  readonly gatewayId: GatewayId;
  /** Of the refresh key issued with it. */
  readonly generation: number;
  readonly keyHash: string;
  /** Of the renewal that got it, where the client names its attempts. */
  readonly attemptHash?: string | undefined;
}

export type VerifiedAccessToken = AccessTokenClaims & { readonly issuedAt: number };

/** Signs and verifies access tokens: HS256 (RFC 7515), `kid` is the version of the signing secret. */
export function createAccessTokens({
  secrets,
  clock,
  issuer,
}: {
  secrets: SecretStore;
  clock: Clock;
  issuer: string;
}) {
  return {
    async sign(claims: AccessTokenClaims): Promise<string> {
      const secret = await secrets.current('token-signing', 'fresh');
      const now = Math.floor(clock.now() / 1000);
      return new SignJWT({
        gw: claims.gatewayId,
        gen: claims.generation,
        rkh: claims.keyHash,
        ...(claims.attemptHash !== undefined && { att: claims.attemptHash }),
      })
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: secret.version })
        .setIssuer(issuer)
        .setAudience(issuer)
        .setSubject(claims.systemId)
        .setIssuedAt(now)
        .setExpirationTime(now + accessTokenLifetime)
        .sign(secret.value);
    },

    /** @returns undefined for whatever is not a valid token of ours, without saying why */
    async verify(token: string): Promise<VerifiedAccessToken | undefined> {
      try {
        const { payload } = await jwtVerify(
          token,
          async ({ kid }) => {
            const secret = kid === undefined ? undefined : await secrets.version('token-signing', kid);
            if (!secret) throw new errors.JWKSNoMatchingKey();
            return secret.value;
          },
          {
            algorithms: ['HS256'],
            typ: 'at+jwt',
            issuer,
            audience: issuer,
            requiredClaims: ['sub', 'iat', 'exp', 'gw', 'gen', 'rkh'],
            currentDate: new Date(clock.now()),
          },
        );
        const { sub, gw, gen, rkh, att, iat } = payload;
        if (typeof gw !== 'string' || typeof gen !== 'number' || typeof rkh !== 'string') return undefined;
        return {
          systemId: sub as SystemId,
          gatewayId: gw as GatewayId,
          generation: gen,
          keyHash: rkh,
          attemptHash: typeof att === 'string' ? att : undefined,
          issuedAt: iat ?? 0,
        };
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}

export type AccessTokens = ReturnType<typeof createAccessTokens>;
