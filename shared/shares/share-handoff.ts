import { jwtVerify, SignJWT, errors } from 'jose';
import { z } from 'zod';
import type { Session, Sessions } from '../accounts/session.ts';
import { instant, second, type Clock, type Instant, type Random } from '../clock.ts';
import { newSecret, sha256, type AccountId, type ShareId } from '../identifier.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import { emailAddressSchema } from '../email/email-address.ts';
import { instantSchema } from '../store/document-fields.ts';
import type { Collection } from '../store/collection.ts';
import { DocumentExists } from '../store/document-store.ts';

/** A one-time code that was used, kept until it would have expired anyway. */
export interface UsedHandoff {
  readonly id: string;
  readonly pk: string;
  readonly schemaVersion: 1;
  readonly expiresAt: Instant;
}

export const usedHandoffSchema: z.ZodType<UsedHandoff> = z.object({
  id: z.string(),
  pk: z.string(),
  schemaVersion: z.literal(1),
  expiresAt: instantSchema,
});

const lifetime = 60;

const claimsSchema = z.object({
  sub: z.string().transform((text) => text as AccountId),
  email: emailAddressSchema,
  portal: z.string(),
  state: z.string(),
  jti: z.string(),
});

/**
 * Takes a signed-in person from the portal to the origin of one share: a code that works once, for 60
 * seconds, for that share, in the browser that began there (the `state` of RFC 6749 section 10.12).
 */
export function createShareHandoff({
  used,
  sessions,
  secrets,
  clock,
  random,
}: {
  used: Collection<UsedHandoff>;
  sessions: Sessions;
  secrets: SecretStore;
  clock: Clock;
  random: Random;
}) {
  return {
    /** Stores nothing: asking for a code changes nothing. @param state as the share's origin sent it */
    async issue(portal: Session, shareId: ShareId, state: string): Promise<string> {
      const secret = await secrets.current('handoff');
      const now = Math.floor(clock.now() / second);
      return new SignJWT({ email: portal.email, portal: portal.id, state: sha256(state) })
        .setProtectedHeader({ alg: 'HS256', typ: 'handoff+jwt', kid: secret.version })
        .setSubject(portal.accountId)
        .setAudience(shareId)
        .setJti(newSecret(random))
        .setIssuedAt(now)
        .setExpirationTime(now + lifetime)
        .sign(secret.value);
    },

    /** @returns the cookie value of the share's new session, or undefined when the code is not good (any more) */
    async redeem(code: string, shareId: ShareId, state: string): Promise<string | undefined> {
      try {
        const { payload } = await jwtVerify(
          code,
          async ({ kid }) => {
            const secret = kid === undefined ? undefined : await secrets.version('handoff', kid);
            if (!secret) throw new errors.JWKSNoMatchingKey();
            return secret.value;
          },
          {
            algorithms: ['HS256'],
            typ: 'handoff+jwt',
            audience: shareId,
            requiredClaims: ['exp'],
            currentDate: new Date(clock.now()),
          },
        );
        const claims = claimsSchema.parse(payload);
        if (claims.state !== sha256(state)) return undefined;
        const id = sha256(claims.jti);
        await used.create({
          id,
          pk: id,
          schemaVersion: 1,
          expiresAt: instant(clock.now() + lifetime * second),
        });
        const { cookie } = await sessions.openShare(
          { id: claims.sub, email: claims.email },
          shareId,
          claims.portal,
        );
        return cookie;
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof DocumentExists) return undefined;
        throw error;
      }
    },
  };
}

export type ShareHandoff = ReturnType<typeof createShareHandoff>;
