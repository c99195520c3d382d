import type { AuditAction } from '../audit/audit-actions.ts';
import { serviceAudit, type AuditLog } from '../audit/audit-log.ts';
import { instant, type Clock, type Random } from '../clock.ts';
import { accountChangedEmail, type AccountChange } from '../email/account-changed-email.ts';
import type { EmailAddress } from '../email/email-address.ts';
import type { EmailSender } from '../email/email-sender.ts';
import { accountIdOf, newSecret } from '../identifier.ts';
import type { Log } from '../log.ts';
import type { Account } from './account.ts';
import type { Factor } from './factor.ts';
import type { Visit } from './visit.ts';

type Owner = Pick<Account, 'id' | 'email'>;
type Origin = Pick<Visit, 'source' | 'browser'>;

export interface AccountNoticeDependencies {
  readonly audit: AuditLog;
  readonly email: EmailSender;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly portalOrigin: string;
}

/** Writes down what happens to accounts, and tells their owners. */
export function createAccountNotice(deps: AccountNoticeDependencies) {
  const { audit, email, clock, random, log, portalOrigin } = deps;

  return {
    async note(
      action: AuditAction,
      { id, email: label }: Owner,
      { source, browser }: Origin,
      details: Readonly<Record<string, string | number | boolean>> = {},
    ): Promise<void> {
      await audit.append({
        organizationId: serviceAudit,
        actor: { kind: 'account', id, label },
        action,
        details: { from: source, browser, ...details },
      });
    },

    /** An event about an address that may have no account: the id says whom, and the address is not kept. */
    async noteAttempt(
      action: AuditAction,
      address: EmailAddress,
      { source, browser }: Origin,
      factor?: Factor,
    ): Promise<void> {
      await audit.append({
        organizationId: serviceAudit,
        actor: { kind: 'account', id: accountIdOf(address) },
        action,
        details: { from: source, browser, ...(factor !== undefined && { factor }) },
      });
    },

    /**
     * Mails the owner (ASVS 2.2.3, 2.5.5). What was done stands even when no mail can be sent now.
     * @param operationId names the event where it may be told of again
     */
    async tell(
      change: AccountChange,
      owner: Owner,
      { source, browser }: Origin,
      operationId = `account-${newSecret(random)}`,
    ): Promise<void> {
      const outcome = await email.send({
        ...accountChangedEmail({
          change,
          at: instant(clock.now()),
          from: source,
          browser,
          link: `${portalOrigin}/account`,
        }),
        to: owner.email,
        operationId,
      });
      if (outcome.status !== 'sent') {
        log.warn('account owner not told', { account: owner.id, change, status: outcome.status });
      }
    },
  };
}

export type AccountNotice = ReturnType<typeof createAccountNotice>;
