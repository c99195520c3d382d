import { instant, type Clock, type Instant, type Random } from '../clock.ts';
import { sameSecret, type AccountId } from '../identifier.ts';
import { Problem } from '../problem.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import type { Collection } from '../store/collection.ts';
import type { Account } from './account.ts';
import type { AccountNotice } from './account-notice.ts';
import type { Attempts } from './attempts.ts';
import { changeAuthenticators, type Authenticators } from './authenticators.ts';
import type { Factor } from './factor.ts';
import {
  looksLikeRecoveryCode,
  newRecoveryCode,
  recoveryCodeCount,
  recoveryCodeMac,
} from './recovery-code.ts';
import type { SecretSeal } from './sealed-secret.ts';
import { totpEnrolment, totpSecretLength, totpStep } from './totp.ts';
import type { Visit } from './visit.ts';

export interface SecondFactorDependencies {
  readonly authenticators: Collection<Authenticators>;
  readonly attempts: Attempts;
  readonly notice: AccountNotice;
  readonly seal: SecretSeal;
  readonly secrets: SecretStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** An app is being set up: what it is shown, and what comes back with its first code. */
export interface Enrolment {
  /** Sealed, for this account; nothing is stored until a code proves that the app has it. */
  readonly sealed: string;
  readonly uri: string;
  readonly secret: string;
}

export interface SecondFactorState {
  readonly since: Instant;
  readonly recoveryCodesLeft: number;
}

type Owner = Pick<Account, 'id' | 'email'>;

const enrolling = (id: AccountId): string => `enrolment ${id}`;
const stored = (id: AccountId): string => `totp ${id}`;

/** The second factor: one-time codes of an app (RFC 6238), and recovery codes for when it is lost. */
export function createSecondFactors(deps: SecondFactorDependencies) {
  const { authenticators, attempts, notice, seal, secrets, clock, random } = deps;
  const typedDigits = (typed: string) => typed.replace(/\s/g, '').slice(0, 100);

  async function newRecoveryCodes(id: AccountId): Promise<{ codes: string[]; macs: string[] }> {
    const { value } = await secrets.current('second-factor');
    const codes = Array.from({ length: recoveryCodeCount }, () => newRecoveryCode(random));
    return { codes, macs: codes.map((code) => recoveryCodeMac(value, id, code)) };
  }

  /** Accepts each time step once, and none before it (RFC 6238 section 5.2, ASVS 2.8.4). */
  async function checkTotp(id: AccountId, sealed: string, typed: string): Promise<boolean> {
    const secret = await seal.open(sealed, stored(id));
    if (!secret) return false;
    const step = await totpStep(secret, typed, clock.now());
    if (step === undefined) return false;
    let accepted = false;
    await authenticators.update(id, id, (current) => {
      const { secondFactor } = current;
      accepted = secondFactor?.sealed === sealed && secondFactor.lastStep < step;
      return accepted && secondFactor
        ? { ...current, secondFactor: { ...secondFactor, lastStep: step } }
        : undefined;
    });
    return accepted;
  }

  async function checkRecoveryCode(id: AccountId, typed: string): Promise<boolean> {
    const macs = (await secrets.versions('second-factor')).map(({ value }) =>
      recoveryCodeMac(value, id, typed),
    );
    let accepted = false;
    await authenticators.update(id, id, (current) => {
      const { secondFactor } = current;
      const left = secondFactor?.recoveryCodes.filter((each) => !macs.some((mac) => sameSecret(mac, each)));
      accepted = left !== undefined && left.length !== secondFactor?.recoveryCodes.length;
      return accepted && secondFactor && left
        ? { ...current, secondFactor: { ...secondFactor, recoveryCodes: left } }
        : undefined;
    });
    return accepted;
  }

  return {
    /** What there is to say of an account's second factor; undefined when it has none. */
    async state(id: AccountId): Promise<SecondFactorState | undefined> {
      const found = (await authenticators.read(id))?.document.secondFactor;
      return found && { since: found.since, recoveryCodesLeft: found.recoveryCodes.length };
    },

    /** Begins with an app. Stores nothing. */
    async enrol({ id, email }: Owner): Promise<Enrolment> {
      const secret = random.bytes(totpSecretLength);
      return { sealed: await seal.seal(secret, enrolling(id)), ...(await totpEnrolment(secret, email)) };
    },

    /** The same once more, after a wrong code. @returns undefined when it was not begun here for this account */
    async resume({ id, email }: Owner, sealed: string): Promise<Enrolment | undefined> {
      const secret = await seal.open(sealed, enrolling(id));
      return secret && { sealed, ...(await totpEnrolment(secret, email)) };
    },

    /**
     * Turns the second factor on, with the app's first code.
     * @returns the recovery codes, which nobody sees again; undefined when the code is wrong
     * @throws Problem conflict when there is one already, too-many-requests
     */
    async confirm(
      { id, email }: Owner,
      sealed: string,
      typed: string,
      visit: Visit,
    ): Promise<readonly string[] | undefined> {
      await attempts.take('totp', email, visit);
      const secret = await seal.open(sealed, enrolling(id));
      const step = secret && (await totpStep(secret, typedDigits(typed), clock.now()));
      if (!secret || step === undefined) return undefined;
      const { codes, macs } = await newRecoveryCodes(id);
      const secondFactor = {
        sealed: await seal.seal(secret, stored(id)),
        since: instant(clock.now()),
        // The code that turns it on is used up by that.
        lastStep: step,
        recoveryCodes: macs,
      };
      await changeAuthenticators(authenticators, id, (current) => {
        if (current.secondFactor) throw new Problem('conflict', 'A second step is set up already.');
        return { ...current, secondFactor };
      });
      await notice.note('account.second-factor-on', { id, email }, visit);
      await notice.tell('second-factor-on', { id, email }, visit);
      return codes;
    },

    /**
     * @param typed a code of the app, or a recovery code
     * @returns what it was, or undefined when it is wrong or was used before
     * @throws Problem too-many-requests
     */
    async check(
      { id, email }: Owner,
      typed: string,
      visit: Visit,
    ): Promise<Extract<Factor, 'totp' | 'recovery-code'> | undefined> {
      const code = typedDigits(typed);
      if (looksLikeRecoveryCode(code)) {
        await attempts.take('recovery code', email, visit);
        return (await checkRecoveryCode(id, code)) ? 'recovery-code' : undefined;
      }
      await attempts.take('totp', email, visit);
      const found = (await authenticators.read(id))?.document.secondFactor;
      return found && (await checkTotp(id, found.sealed, code)) ? 'totp' : undefined;
    },

    /** Makes new recovery codes; the former ones end. @throws Problem conflict when there is no second factor */
    async renewRecoveryCodes(owner: Owner, visit: Visit): Promise<readonly string[]> {
      const { codes, macs } = await newRecoveryCodes(owner.id);
      await changeAuthenticators(authenticators, owner.id, (current) => {
        if (!current.secondFactor) throw new Problem('conflict', 'There is no second step to recover.');
        return { ...current, secondFactor: { ...current.secondFactor, recoveryCodes: macs } };
      });
      await notice.note('account.recovery-codes-renewed', owner, visit);
      await notice.tell('recovery-codes-renewed', owner, visit);
      return codes;
    },

    async remove(owner: Owner, visit: Visit): Promise<void> {
      await authenticators.update(owner.id, owner.id, ({ secondFactor: _, ...rest }) => rest);
      await notice.note('account.second-factor-off', owner, visit);
      await notice.tell('second-factor-off', owner, visit);
    },
  };
}

export type SecondFactors = ReturnType<typeof createSecondFactors>;
