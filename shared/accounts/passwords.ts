import { instant, type Clock, type Instant, type Random } from '../clock.ts';
import type { EmailAddress } from '../email/email-address.ts';
import { accountIdOf, type AccountId } from '../identifier.ts';
import type { Collection } from '../store/collection.ts';
import { accountFor, type Account, type StoredAccount } from './account.ts';
import type { AccountNotice } from './account-notice.ts';
import type { Attempts } from './attempts.ts';
import { changeAuthenticators, type Authenticators } from './authenticators.ts';
import { nobodysHash, type PasswordHashing } from './password-hash.ts';
import { normalizePassword, passwordFault } from './password-rule.ts';
import type { Sessions } from './session.ts';
import type { Visit } from './visit.ts';

export interface PasswordDependencies {
  readonly authenticators: Collection<Authenticators>;
  readonly accounts: Collection<StoredAccount>;
  readonly sessions: Sessions;
  readonly hashing: PasswordHashing;
  readonly attempts: Attempts;
  readonly notice: AccountNotice;
  readonly clock: Clock;
  readonly random: Random;
}

type Owner = Pick<Account, 'id' | 'email'>;

export function createPasswords(deps: PasswordDependencies) {
  const { authenticators, accounts, sessions, hashing, attempts, notice, clock, random } = deps;

  /** Makes the hash of today's cost from the password that was just typed. */
  async function strengthen(id: AccountId, former: string, password: string): Promise<void> {
    const hash = await hashing.hash(password, random);
    await authenticators.update(id, id, (current) =>
      current.password?.hash === former ? { ...current, password: { ...current.password, hash } } : undefined,
    );
  }

  return {
    /** When the password was last set; undefined when there is none. */
    async changedAt(id: AccountId): Promise<Instant | undefined> {
      return (await authenticators.read(id))?.document.password?.changedAt;
    },

    /**
     * Sign-in by password. Takes the same steps whether there is an account, with a password or without, or none
     * (ASVS 5.0, 6.3.8): one count, one read, one hash; and one note when it is refused.
     * @throws Problem too-many-requests
     */
    async check(address: EmailAddress, typed: string, visit: Visit): Promise<Account | undefined> {
      await attempts.take('password', address, visit);
      const id = accountIdOf(address);
      const hash = (await authenticators.read(id))?.document.password?.hash;
      const password = normalizePassword(typed);
      const right = await hashing.verify(hash ?? nobodysHash, password);
      if (!right || hash === undefined) {
        await notice.noteAttempt('account.sign-in-refused', address, visit, 'password');
        return undefined;
      }
      if (hashing.isOutdated(hash)) await strengthen(id, hash, password);
      return accountFor(accounts, clock, address);
    },

    /** Why a password will not do for this address; undefined when it will. */
    fault: (typed: string, email: EmailAddress) => passwordFault(normalizePassword(typed), email),

    /** Sets or changes the password in a session. @throws Problem too-many-requests @see set */
    async change(owner: Owner, typed: string, visit: Visit, keep: string): Promise<void> {
      await attempts.take('password change', owner.email, visit);
      await this.set(owner, typed, visit, keep);
    },

    /**
     * Sets or changes the password of someone who just proved who they are. Ends every other session (ASVS 3.3.3)
     * and mails a notice.
     * @param typed without fault
     * @param keep the session in which it is done, if there is one
     */
    async set(owner: Owner, typed: string, visit: Visit, keep?: string): Promise<void> {
      const hash = await hashing.hash(normalizePassword(typed), random);
      // Before and after: should we die between, nobody holds a session by a password that is no more.
      await sessions.closeAll(owner.id, keep);
      await changeAuthenticators(authenticators, owner.id, (current) => ({
        ...current,
        password: { hash, changedAt: instant(clock.now()) },
      }));
      await sessions.closeAll(owner.id, keep);
      await notice.note('account.password-set', owner, visit);
      await notice.tell('password-set', owner, visit);
    },

    async remove(owner: Owner, visit: Visit): Promise<void> {
      await authenticators.update(owner.id, owner.id, ({ password: _, ...rest }) => rest);
      await notice.note('account.password-removed', owner, visit);
      await notice.tell('password-removed', owner, visit);
    },
  };
}

export type Passwords = ReturnType<typeof createPasswords>;
