import { z } from 'zod';
import { instant, minute, type Clock, type Instant, type Random } from '../clock.ts';
import { emailAddressSchema, type EmailAddress } from '../email/email-address.ts';
import { newSecret, sha256, type AccountId } from '../identifier.ts';
import { identifier, instantSchema } from '../store/document-fields.ts';
import type { Collection } from '../store/collection.ts';
import type { Account } from './account.ts';
import type { AccountNotice } from './account-notice.ts';
import { factors, hasSecondFactor, type Factor } from './factor.ts';
import type { KnownDevices } from './known-device.ts';
import type { SecondFactors } from './second-factors.ts';
import type { Session, Sessions } from './session.ts';
import type { Visit } from './visit.ts';

/** Somebody past the first step, not past the second. The id is the hash of what the browser holds. */
export interface HalfSignIn {
  readonly id: string;
  readonly pk: string;
  readonly schemaVersion: 1;
  readonly accountId: AccountId;
  readonly email: EmailAddress;
  readonly factor: Factor;
  readonly attemptsLeft: number;
  readonly expiresAt: Instant;
}

export const halfSignInSchema: z.ZodType<HalfSignIn> = z.object({
  id: z.string(),
  pk: z.string(),
  schemaVersion: z.literal(1),
  accountId: identifier<AccountId>(),
  email: emailAddressSchema,
  factor: z.enum(factors),
  attemptsLeft: z.number().int(),
  expiresAt: instantSchema,
});

const halfLifetime = 10 * minute;
const attemptsAtSecondStep = 5;
const recent = 10 * minute;

export type SignInStep =
  /** `device` is for the known-device cookie. */
  | { readonly kind: 'signed-in'; readonly cookie: string; readonly device: string }
  | { readonly kind: 'second-factor'; readonly half: string };

export type SecondStep =
  | Extract<SignInStep, { kind: 'signed-in' }>
  | { readonly kind: 'wrong' }
  /** Start again: too old, too often wrong, or used. */
  | { readonly kind: 'over' };

export interface SignInStepsDependencies {
  readonly halves: Collection<HalfSignIn>;
  readonly secondFactors: SecondFactors;
  readonly sessions: Sessions;
  readonly devices: KnownDevices;
  readonly notice: AccountNotice;
  readonly clock: Clock;
  readonly random: Random;
}

/** What follows once a mailbox or a password is proved: the second step where there is one, then the session. */
export function createSignInSteps(deps: SignInStepsDependencies) {
  const { halves, secondFactors, sessions, devices, notice, clock, random } = deps;

  async function open(
    account: Pick<Account, 'id' | 'email'>,
    proved: readonly Factor[],
    visit: Visit,
  ): Promise<Extract<SignInStep, { kind: 'signed-in' }>> {
    const { cookie } = await sessions.openPortal(account, { ...visit, factors: proved });
    await notice.note('account.signed-in', account, visit, { factors: proved.join(', ') });
    return { kind: 'signed-in', cookie, device: await devices.issue(account.email) };
  }

  return {
    /** After the first step. */
    async first(account: Account, factor: Factor, visit: Visit): Promise<SignInStep> {
      if (!(await secondFactors.state(account.id))) return open(account, [factor], visit);
      const half = newSecret(random);
      const id = sha256(half);
      await halves.create({
        id,
        pk: id,
        schemaVersion: 1,
        accountId: account.id,
        email: account.email,
        factor,
        attemptsLeft: attemptsAtSecondStep,
        expiresAt: instant(clock.now() + halfLifetime),
      });
      return { kind: 'second-factor', half };
    },

    /** May this session change how its owner signs in? Only soon after a whole sign-in (ASVS 2.1.6, 3.7.1). */
    async mayChangeSignIn(session: Session): Promise<boolean> {
      if (session.createdAt <= instant(clock.now() - recent)) return false;
      return hasSecondFactor(session) || (await secondFactors.state(session.accountId)) === undefined;
    },

    /**
     * What the session proved has changed: another one takes its place (ASVS 3.2.1), and all others end.
     * @returns the new session's cookie
     */
    async replace(session: Session, proved: readonly Factor[], visit: Visit): Promise<string> {
      const account = { id: session.accountId, email: session.email };
      const { cookie, session: next } = await sessions.openPortal(account, { ...visit, factors: proved });
      await sessions.closeAll(session.accountId, next.id);
      return cookie;
    },

    /**
     * @param half as the first step gave it
     * @param typed a code of the app, or a recovery code
     * @throws Problem too-many-requests
     */
    async second(half: string, typed: string, visit: Visit): Promise<SecondStep> {
      const id = sha256(half);
      let taken = false;
      const record = await halves.update(id, id, (current) => {
        taken = current.attemptsLeft > 0 && current.expiresAt > instant(clock.now());
        return taken ? { ...current, attemptsLeft: current.attemptsLeft - 1 } : undefined;
      });
      if (!record || !taken) return { kind: 'over' };
      const account = { id: record.accountId, email: record.email };
      const factor = await secondFactors.check(account, typed, visit);
      if (factor === undefined) {
        await notice.note('account.sign-in-refused', account, visit, { factor: 'second' });
        if (record.attemptsLeft > 0) return { kind: 'wrong' };
        await notice.tell('second-factor-refused', account, visit);
        return { kind: 'over' };
      }
      await halves.remove(id, id);
      if (factor === 'recovery-code') await notice.tell('recovery-code-used', account, visit);
      return open(account, [record.factor, factor], visit);
    },
  };
}

export type SignInSteps = ReturnType<typeof createSignInSteps>;
