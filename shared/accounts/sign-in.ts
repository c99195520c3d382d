import { z } from 'zod';
import { instant, minute, type Clock, type Instant, type Random } from '../clock.ts';
import { emailAddressSchema, type EmailAddress } from '../email/email-address.ts';
import type { EmailSender } from '../email/email-sender.ts';
import { signInCodeEmail } from '../email/sign-in-code-email.ts';
import { hmac, newSecret, randomText, sameSecret } from '../identifier.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import { Problem } from '../problem.ts';
import { instantSchema } from '../store/document-fields.ts';
import type { Collection } from '../store/collection.ts';
import { accountFor, type Account, type StoredAccount } from './account.ts';
import type { Attempts } from './attempts.ts';
import type { Visit } from './visit.ts';

/** One mailed code, waiting for its reader. */
export interface SignInChallenge {
  readonly id: string;
  readonly pk: string;
  readonly schemaVersion: 1;
  readonly email: EmailAddress;
  readonly codeMac: string;
  readonly attemptsLeft: number;
  readonly expiresAt: Instant;
}

export const signInChallengeSchema: z.ZodType<SignInChallenge> = z.object({
  id: z.string(),
  pk: z.string(),
  schemaVersion: z.literal(1),
  email: emailAddressSchema,
  codeMac: z.string(),
  attemptsLeft: z.number().int(),
  expiresAt: instantSchema,
});

/** ASVS 2.7.2: out-of-band codes live at most 10 minutes. */
export const signInCodeLifetime = 10 * minute;
const attemptsPerCode = 5;

export interface SignInDependencies {
  readonly challenges: Collection<SignInChallenge>;
  readonly accounts: Collection<StoredAccount>;
  readonly secrets: SecretStore;
  readonly attempts: Attempts;
  readonly email: EmailSender;
  readonly clock: Clock;
  readonly random: Random;
  readonly portalOrigin: string;
}

/** Sign-in by a code to the address: who reads the mailbox is the person. An account is made on the way. */
export function createSignIn(deps: SignInDependencies) {
  const { challenges, accounts, secrets, attempts, email, clock, random, portalOrigin } = deps;
  const macOf = async (id: string, code: string) =>
    hmac((await secrets.current('handoff')).value, `sign-in ${id} ${code}`);

  return {
    /**
     * Mails a code. Does the same whether the address has an account or not.
     * @returns the id of the challenge, to be shown with the code
     * @throws Problem too-many-requests; unavailable when the mail cannot be sent now
     */
    async begin(
      address: EmailAddress,
      { source, device }: Pick<Visit, 'source' | 'device'>,
    ): Promise<string> {
      await attempts.take('code', address, { source, device });
      const id = newSecret(random);
      const code = randomText(random, 6, '0123456789');
      await challenges.create({
        id,
        pk: id,
        schemaVersion: 1,
        email: address,
        codeMac: await macOf(id, code),
        attemptsLeft: attemptsPerCode,
        expiresAt: instant(clock.now() + signInCodeLifetime),
      });
      const outcome = await email.send({
        ...signInCodeEmail({ code, portalOrigin, requestedFrom: source }),
        to: address,
        operationId: `sign-in-${id}`,
      });
      if (outcome.status === 'deferred') {
        throw new Problem(
          'unavailable',
          'The e-mail with your code cannot be sent just now. Please try again.',
        );
      }
      return id;
    },

    /** The address a challenge was made for, for showing it again. */
    async addressOf(id: string): Promise<EmailAddress | undefined> {
      const stored = await challenges.read(id);
      return stored && stored.document.expiresAt > instant(clock.now()) ? stored.document.email : undefined;
    },

    /** @returns the account, or undefined when the code is wrong, spent or too old */
    async finish(id: string, code: string): Promise<Account | undefined> {
      const mac = await macOf(id, code.replace(/[\s-]/g, ''));
      let proved: EmailAddress | undefined;
      await challenges.update(id, id, (current) => {
        proved = undefined;
        if (current.attemptsLeft <= 0 || current.expiresAt <= instant(clock.now())) return undefined;
        const right = sameSecret(mac, current.codeMac);
        if (right) proved = current.email;
        // A right code is spent at once; a wrong one costs an attempt.
        return { ...current, attemptsLeft: right ? 0 : current.attemptsLeft - 1 };
      });
      return proved && accountFor(accounts, clock, proved);
    },
  };
}

export type SignIn = ReturnType<typeof createSignIn>;
