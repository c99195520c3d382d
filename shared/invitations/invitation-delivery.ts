import { instant, minute, type Clock } from '../clock.ts';
import type { EmailSender } from '../email/email-sender.ts';
import type { Log } from '../log.ts';
import type { Organizations } from '../organizations/organization.ts';
import type { ShareId } from '../identifier.ts';
import type { Collection } from '../store/collection.ts';
import { statusAt, sweepAtOf, type Recipient, type Share } from '../shares/share.ts';
import type { System } from '../systems/system.ts';
import { invitationEmail } from './invitation-email.ts';

/** Minutes to wait after each failed attempt; after the last one the invitation is given up. */
const retryAfter = [1, 5, 15, 60, 240, 720, 1440];
const sentAtOnce = 10;

export interface InvitationDeliveryDependencies {
  readonly shares: Collection<Share>;
  readonly systems: Collection<System>;
  readonly organizations: Organizations;
  readonly email: EmailSender;
  readonly clock: Clock;
  readonly log: Log;
  readonly publicOrigin: string;
}

/** The e-mailed link. It holds no secret: who opens it must sign in as the recipient. */
export const invitationLink = (publicOrigin: string, shareId: ShareId) =>
  `${publicOrigin}/invitations/${shareId}`;

/** Empties the outbox of shares: at once after a change, and by a timer until all is delivered or given up. */
export function createInvitationDelivery(deps: InvitationDeliveryDependencies) {
  const { shares, systems, organizations, email, clock, log, publicOrigin } = deps;

  async function send(share: Share, recipient: Recipient, names: { system: string; organization: string }) {
    const outcome = await email.send({
      ...invitationEmail({
        sharerName: share.sharedBy,
        organizationName: names.organization,
        systemName: names.system,
        dashboardTitle: share.dashboard.title,
        ...(share.message !== undefined && { message: share.message }),
        ...(share.expiresAt && { expiresAt: share.expiresAt }),
        link: invitationLink(publicOrigin, share.id),
        portalOrigin: publicOrigin,
      }),
      to: recipient.email,
      operationId: recipient.invitation.operationId,
    });
    if (outcome.status !== 'sent') {
      log.warn('invitation not sent', { shareId: share.id, status: outcome.status, reason: outcome.reason });
    }
    return { operationId: recipient.invitation.operationId, status: outcome.status };
  }

  function settled(recipient: Recipient, status: 'sent' | 'deferred' | 'rejected'): Recipient {
    const { operationId, attempts } = recipient.invitation;
    const tried = { operationId, attempts: attempts + 1 };
    if (status === 'sent') return { ...recipient, invitation: { ...tried, state: 'sent' } };
    const wait = status === 'rejected' ? undefined : retryAfter[attempts];
    if (wait === undefined) return { ...recipient, invitation: { ...tried, state: 'failed' } };
    const dueAt = instant(clock.now() + wait * minute);
    return { ...recipient, invitation: { ...tried, state: 'queued', dueAt } };
  }

  /** Sends what is due of one share. Safe at any time, from several hosts at once. */
  async function deliver(shareId: ShareId): Promise<void> {
    const share = (await shares.read(shareId))?.document;
    const now = instant(clock.now());
    if (!share || statusAt(share, now) !== 'active') return;
    const due = share.recipients.filter(
      ({ invitation }) => invitation.state === 'queued' && (invitation.dueAt ?? now) <= now,
    );
    if (due.length === 0) return;
    const [system, organization] = await Promise.all([
      systems.read(share.systemId),
      organizations.read(share.organizationId),
    ]);
    const names = { system: system?.document.name ?? '', organization: organization?.name ?? '' };
    for (let first = 0; first < due.length; first += sentAtOnce) {
      const batch = due.slice(first, first + sentAtOnce);
      const outcomes = await Promise.all(batch.map((recipient) => send(share, recipient, names)));
      await shares.update(shareId, shareId, (current) => {
        const recipients = current.recipients.map((recipient) => {
          const outcome = outcomes.find((each) => each.operationId === recipient.invitation.operationId);
          const waiting = recipient.invitation.state === 'queued';
          return outcome && waiting ? settled(recipient, outcome.status) : recipient;
        });
        return { ...current, recipients, sweepAt: sweepAtOf(recipients) };
      });
    }
  }

  return {
    deliver,

    /** Delivers what is due everywhere, up to a number of shares. @returns how many shares it looked at */
    async sweep(limit: number): Promise<number> {
      const { items } = await shares.query({
        where: [['sweepAt', '<=', instant(clock.now())]],
        orderBy: ['sweepAt', 'asc'],
        limit,
      });
      for (const { document } of items) {
        await deliver(document.id).catch((error: unknown) => {
          log.error('invitation sweep failed', { shareId: document.id, error: String(error) });
        });
        await deferInactive(document);
      }
      return items.length;
    },
  };

  /** A paused or expired share keeps its outbox, but not its place at the head of the sweep. */
  async function deferInactive(share: Share): Promise<void> {
    const now = instant(clock.now());
    if (statusAt(share, now) === 'active') return;
    await shares.update(share.pk, share.id, (current) =>
      statusAt(current, now) === 'active' ? undefined : { ...current, sweepAt: undefined },
    );
  }
}

export type InvitationDelivery = ReturnType<typeof createInvitationDelivery>;
