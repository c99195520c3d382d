import type { AuditActor } from '../audit/audit-log.ts';
import type { UntoldEvents } from '../audit/untold-events.ts';
import { instant, type Clock } from '../clock.ts';
import type { OrganizationId } from '../identifier.ts';
import { roleOf, type Caller, type Organization } from '../organizations/organization.ts';
import { Problem, type FieldError } from '../problem.ts';
import { statusAt, type Share } from '../shares/share.ts';
import type { Shares } from '../shares/shares.ts';
import type { Collection } from '../store/collection.ts';
import type { Page, Versioned } from '../store/document-store.ts';
import { foreignRecipients, latestEnd, policyFaults, type Policy } from './policy.ts';

/** What becomes of shares that a new policy does not allow. */
export const existingChoices = ['keep', 'adjust', 'end'] as const;
export type ExistingChoice = (typeof existingChoices)[number];

/** A share that a policy does not allow, and why. */
export interface BreakingShare {
  readonly share: Share;
  readonly faults: readonly FieldError[];
}

const mostShown = 200;

const judged = (share: Share) => ({ ...share, recipients: share.recipients.map(({ email }) => email) });

/** What an organization allows: read by whatever makes shares, set by its owners. */
export function createPolicies({
  shareDocuments,
  shares,
  untold,
  clock,
}: {
  shareDocuments: Collection<Share>;
  shares: Pick<Shares, 'update' | 'remove'>;
  untold: UntoldEvents<Organization>;
  clock: Clock;
}) {
  const now = () => instant(clock.now());

  async function* openShares(organizationId: OrganizationId): AsyncGenerator<Share> {
    let continuation: string | undefined;
    do {
      const page: Page<Versioned<Share>> = await shareDocuments.query({
        where: [['organizationId', '=', organizationId]],
        limit: 200,
        ...(continuation !== undefined && { continuation }),
      });
      for (const { document } of page.items) {
        const status = statusAt(document, now());
        if (status === 'active' || status === 'paused') yield document;
      }
      continuation = page.continuation;
    } while (continuation !== undefined);
  }

  async function* breaking(organizationId: OrganizationId, policy: Policy): AsyncGenerator<BreakingShare> {
    for await (const share of openShares(organizationId)) {
      const faults = policyFaults(policy, judged(share));
      if (faults.length > 0) yield { share, faults };
    }
  }

  /** Takes from a share what is not allowed; where nothing of it is, the share ends. */
  async function adjust(share: Share, policy: Policy, actor: AuditActor): Promise<void> {
    const foreign = foreignRecipients(policy, judged(share).recipients);
    const stay = judged(share).recipients.filter((email) => !foreign.includes(email));
    const latest = latestEnd(policy, share.createdAt);
    const late = latest !== undefined && (share.expiresAt === undefined || share.expiresAt > latest);
    const banned = policy.sharers !== undefined && !policy.sharers.includes(share.sharedBy);
    if (banned || stay.length === 0 || (late && latest <= now())) return shares.remove(share, actor);
    await shares.update(share, actor, {
      ...(foreign.length > 0 && { recipients: stay }),
      ...(late && { expiresAt: latest }),
    });
  }

  return {
    /** The open shares that a policy does not allow, 200 at most, and whether there are more. */
    async breaks(
      organizationId: OrganizationId,
      policy: Policy,
    ): Promise<{ shares: BreakingShare[]; more: boolean }> {
      const found: BreakingShare[] = [];
      for await (const each of breaking(organizationId, policy)) {
        if (found.length === mostShown) return { shares: found, more: true };
        found.push(each);
      }
      return { shares: found, more: false };
    },

    /**
     * Sets the policy, and does with the shares that it does not allow what was decided. A crash leaves shares as they
     * were; setting the same policy again goes on.
     * @throws Problem forbidden unless an owner asks
     */
    async set(
      organization: Organization,
      { caller, actor }: { caller: Caller; actor: AuditActor },
      policy: Policy,
      existing: ExistingChoice,
    ): Promise<void> {
      const refuse = () => new Problem('forbidden', 'Only an owner sets policies.');
      const changed = await untold.change(organization, (current) => {
        if (roleOf(current, caller.accountId) !== 'owner') throw refuse();
        const subject = { kind: 'organization', id: current.id, label: current.name };
        const details = {
          emailDomains: policy.emailDomains?.join(', ') ?? 'any',
          longestShareDays: policy.longestShareDays ?? 'any',
          sharers: policy.sharers?.join(', ') ?? 'anyone',
          polling: policy.polling ? `${policy.polling.least} to ${policy.polling.most} s` : 'any',
          existing,
        };
        const event = {
          organizationId: current.id,
          actor,
          action: 'setting.changed',
          subject,
          details,
        } as const;
        return { document: { ...current, policy }, events: [event] };
      });
      if (!changed) throw refuse();
      if (existing === 'keep') return;
      for await (const { share } of breaking(organization.id, policy)) {
        if (existing === 'end') await shares.remove(share, actor);
        else await adjust(share, policy, actor);
      }
    },
  };
}

export type Policies = ReturnType<typeof createPolicies>;
