import { z } from 'zod';
import type { Allowlist } from '../allowlist/rule.ts';
import type { AuditActor, AuditEvent } from '../audit/audit-log.ts';
import type { UntoldEvents } from '../audit/untold-events.ts';
import { day, instant, minute, type Clock, type Instant, type Random } from '../clock.ts';
import type { EmailAddress } from '../email/email-address.ts';
import {
  accountIdOf,
  isShareId,
  newShareId,
  sha256,
  type AccountId,
  type OrganizationId,
  type ShareId,
  type SystemId,
} from '../identifier.ts';
import { ignoreExisting } from '../organizations/organization.ts';
import { latestEnd, policyFaults, type Judged, type Policy } from '../policies/policy.ts';
import { Problem } from '../problem.ts';
import { identifier } from '../store/document-fields.ts';
import type { Collection } from '../store/collection.ts';
import type { Page } from '../store/document-store.ts';
import type { System } from '../systems/system.ts';
import type { AllowlistAfter, AllowlistChanges } from './allowlist-changes.ts';
import type { Allowlists } from './allowlist-document.ts';
import type { RefusedCallStore } from './refused-calls.ts';
import { shareSubject, statusAt, sweepAtOf, type Recipient, type Share } from './share.ts';
import type { ShareCreate, ShareUpdate } from './share-request.ts';

/** Which shares an account was named in: an index. The share itself decides. */
export interface Grant {
  readonly id: ShareId;
  readonly pk: AccountId;
  readonly schemaVersion: 1;
}

export const grantSchema: z.ZodType<Grant> = z.object({
  id: identifier<ShareId>(),
  pk: identifier<AccountId>(),
  schemaVersion: z.literal(1),
});

export interface SharesDependencies {
  readonly shares: Collection<Share>;
  readonly grants: Collection<Grant>;
  readonly allowlists: Allowlists;
  readonly refused: RefusedCallStore;
  readonly allowlistChanges: Pick<AllowlistChanges, 'eventsOf' | 'settle'>;
  /** What the organization of a share allows. */
  readonly policyOf: (organizationId: OrganizationId) => Promise<Policy>;
  readonly untold: UntoldEvents<Share>;
  readonly clock: Clock;
  readonly random: Random;
}

const noSuchShare = () => new Problem('not-found', 'There is no such share.');

/** A share that is over keeps only what its page and the audit need. */
export function ended(share: Share, because: NonNullable<Share['endedBecause']>, now: Instant): Share {
  const {
    message: _message,
    description: _description,
    expiresAt: _expiry,
    sweepAt: _sweep,
    sealed: _sealed,
    gatewayAllowlistId: _waiting,
    heldSince: _held,
    ...rest
  } = share;
  return {
    ...rest,
    status: 'ended',
    endedAt: now,
    endedBecause: because,
    dashboard: { ...share.dashboard, entryPath: '/', items: [] },
    recipients: [],
  };
}

/** Makes, changes and ends shares. */
export function createShares(dependencies: SharesDependencies) {
  const { shares, grants, allowlists, refused, allowlistChanges, policyOf, untold, clock, random } =
    dependencies;
  const now = () => instant(clock.now());

  const eventOf = (
    share: Share,
    actor: AuditActor,
    action: AuditEvent['action'],
    details?: AuditEvent['details'],
  ): AuditEvent => ({
    organizationId: share.organizationId,
    actor,
    action,
    subject: shareSubject(share),
    details,
  });

  function newRecipient(email: EmailAddress): Recipient {
    return {
      email,
      accountId: accountIdOf(email),
      addedAt: now(),
      invitation: {
        state: 'queued',
        operationId: `invitation-${newShareId(random)}`,
        attempts: 0,
        dueAt: now(),
      },
    };
  }

  function expiryOf(text: string | null | undefined): Instant | undefined {
    if (text === null || text === undefined) return undefined;
    const expiresAt = instant(Date.parse(text));
    if (expiresAt <= now()) {
      const detail = 'This time has passed.';
      throw new Problem('invalid-request', detail, { errors: [{ field: 'expiresAt', detail }] });
    }
    return expiresAt;
  }

  /** The part of the policy that a change touches. */
  async function policyFor({ organizationId }: Share, change: ShareUpdate): Promise<Policy> {
    if (change.recipients === undefined && change.expiresAt === undefined) return {};
    const { emailDomains, longestShareDays } = await policyOf(organizationId);
    return { emailDomains, ...(change.expiresAt !== undefined && { longestShareDays }) };
  }

  /** @throws Problem against-policy that names each field */
  function requireAllowed(policy: Policy, judged: Judged): void {
    const errors = policyFaults(policy, judged);
    const [first] = errors;
    if (first) throw new Problem('against-policy', first.detail, { errors });
  }

  /** @throws Problem not-found, also for the share of another system */
  async function ofSystem(systemId: SystemId, id: string): Promise<Share> {
    const share = isShareId(id) ? (await shares.read(id))?.document : undefined;
    if (share?.systemId !== systemId) throw noSuchShare();
    return share;
  }

  /** What the audit is to be told of a change. */
  async function updateEvents(
    share: Share,
    actor: AuditActor,
    change: ShareUpdate,
    after: AllowlistAfter | undefined,
  ): Promise<AuditEvent[]> {
    const events = after ? await allowlistChanges.eventsOf(share, after, actor, 'gateway') : [];
    const named = Object.keys(change);
    if (after && named.every((name) => name === 'allowlist' || name === 'sealed')) return events;
    const details = {
      changed: named.join(', '),
      ...(change.recipients && { recipients: change.recipients.join(', ') }),
      ...(change.status && { status: change.status }),
    };
    return [...events, eventOf(share, actor, 'share.updated', details)];
  }

  async function end(
    share: Share,
    because: NonNullable<Share['endedBecause']>,
    actor: AuditActor,
  ): Promise<void> {
    const action = because === 'expired' ? 'share.expired' : 'share.revoked';
    let recipients: readonly Recipient[] = [];
    const stored = await untold.change(
      share,
      (current) => {
        if (current.status === 'ended') return undefined;
        ({ recipients } = current);
        return {
          document: ended(current, because, now()),
          events: [eventOf(current, actor, action, { because })],
        };
      },
      async () => {
        await allowlists.keepOnly(share.id, []);
        await refused.forget(share.id);
        await Promise.all(recipients.map(({ accountId }) => grants.remove(accountId, share.id)));
      },
    );
    // It had ended before: another host may have died before it had told.
    if (stored) await untold.finish(stored);
  }

  return {
    /**
     * Makes a share with its invitations in the outbox.
     * @param idempotencyKey a repeated request under the same key gives the share made first
     * Without an expiry it lasts as long as the policy allows.
     * @throws Problem invalid-request (expiry in the past), conflict (key used for another request), against-policy
     */
    async create(
      system: System,
      actor: AuditActor,
      request: ShareCreate,
      idempotencyKey?: string,
    ): Promise<{ share: Share; created: boolean }> {
      // The id follows from the key, so that two equal requests at once cannot make two shares.
      const id = idempotencyKey === undefined ? newShareId(random) : shareIdFrom(system.id, idempotencyKey);
      const idempotency = idempotencyKey === undefined ? undefined : sha256(JSON.stringify(request));
      const recipients = request.recipients.map(newRecipient);
      const policy = await policyOf(system.organizationId);
      const createdAt = now();
      const expiresAt = expiryOf(request.expiresAt) ?? latestEnd(policy, createdAt);
      // What was made before stays what it is.
      if (idempotencyKey === undefined || !(await shares.read(id))) {
        const { recipients: wanted, sharedBy } = request;
        requireAllowed(policy, { recipients: wanted, createdAt, expiresAt, sharedBy: sharedBy.name });
      }
      const share: Share = {
        id,
        pk: id,
        schemaVersion: 1,
        systemId: system.id,
        organizationId: system.organizationId,
        status: 'active',
        dashboard: request.dashboard,
        recipients,
        sharedBy: request.sharedBy.name,
        message: request.message,
        description: request.description,
        createdAt,
        expiresAt,
        allowlistId: await allowlists.write(id, request.allowlist),
        sealed: request.sealed,
        sweepAt: sweepAtOf(recipients),
        idempotency,
      };
      const event = eventOf(share, actor, 'share.created', {
        dashboard: share.dashboard.id,
        recipients: recipients.map(({ email }) => email).join(', '),
        rules: request.allowlist.rules.length,
        sharedBy: share.sharedBy,
      });
      // The index first: an entry without its share is ignored, a share without it could not be found.
      await Promise.all(
        recipients.map(({ accountId }) => grants.create(grantOf(accountId, id)).catch(ignoreExisting)),
      );
      const made = await untold.create({ document: share, events: [event] }).catch(ignoreExisting);
      const stored = (await shares.read(id))?.document ?? share;
      if (stored.idempotency !== idempotency) {
        throw new Problem('conflict', 'This Idempotency-Key was used for another request.');
      }
      const created =
        stored.createdAt === share.createdAt &&
        stored.recipients[0]?.invitation.operationId === recipients[0]?.invitation.operationId;
      // Asked again: the host that made it may have died before it was in the audit.
      if (made) await made.tell();
      else await untold.finish(stored);
      return { share: stored, created };
    },

    ofSystem,

    /** What another gateway of the system needs to serve a share. @throws Problem not-found when it has ended */
    async record(share: Share): Promise<{
      sealed?: string | undefined;
      dashboard: Share['dashboard'];
      allowlist: Allowlist;
      createdAt: Instant;
    }> {
      // What the gateways accepted and sealed, not what the portal would add.
      const allowlist = await allowlists.read(share.id, share.gatewayAllowlistId ?? share.allowlistId);
      if (share.status === 'ended' || !allowlist) throw noSuchShare();
      const { sealed, dashboard, createdAt } = share;
      return { sealed, dashboard, allowlist, createdAt };
    },

    /** Newest last; ended shares stay listed until the expiry timer forgets them. */
    async list(systemId: SystemId, limit: number, continuation?: string): Promise<Page<Share>> {
      const page = await shares.query({
        where: [['systemId', '=', systemId]],
        limit,
        ...(continuation !== undefined && { continuation }),
      });
      return {
        items: page.items.map(({ document }) => document),
        ...(page.continuation !== undefined && { continuation: page.continuation }),
      };
    },

    /** How many shares of a system are open or paused; counts to 1,000. */
    async countOpen(systemId: SystemId): Promise<number> {
      const { items } = await shares.query({ where: [['systemId', '=', systemId]], limit: 1000 });
      return items.filter(({ document }) => document.status !== 'ended').length;
    },

    /**
     * What was allowed when it was made may stay; what is added or changed must fit the policy.
     * @throws Problem not-found, conflict (the share has ended), against-policy
     */
    async update(share: Share, actor: AuditActor, change: ShareUpdate): Promise<Share> {
      const expiresAt = expiryOf(change.expiresAt);
      const wanted = change.recipients;
      const known = share.recipients.map(({ email }) => email);
      requireAllowed(await policyFor(share, change), {
        recipients: (wanted ?? []).filter((email) => !known.includes(email)),
        createdAt: share.createdAt,
        expiresAt,
        sharedBy: share.sharedBy,
      });
      await Promise.all(
        (wanted ?? []).map((email) =>
          grants.create(grantOf(accountIdOf(email), share.id)).catch(ignoreExisting),
        ),
      );
      const { allowlist, dashboard } = change;
      // Written first: what a share names is there.
      const after = allowlist && { id: await allowlists.write(share.id, allowlist), allowlist };
      let before = share;
      let removed: readonly Recipient[] = [];
      const events = await updateEvents(share, actor, change, after);
      const updated = await untold.change(
        share,
        (current) => {
          if (statusAt(current, now()) !== 'active' && current.status !== 'paused') {
            throw new Problem('conflict', 'This share has ended. Make a new one.');
          }
          if (change.status === 'active' && current.heldSince !== undefined) {
            throw new Problem(
              'conflict',
              'It came back from a backup: an owner confirms it in the portal first.',
            );
          }
          const recipients = wanted
            ? wanted.map((email) => current.recipients.find((r) => r.email === email) ?? newRecipient(email))
            : current.recipients;
          removed = current.recipients.filter((r) => !recipients.includes(r));
          before = current;
          const document = {
            ...current,
            ...(dashboard && { dashboard: { ...current.dashboard, ...dashboard } }),
            // It comes from the gateway, so the gateway enforces it.
            ...(after && { allowlistId: after.id, gatewayAllowlistId: undefined }),
            sealed: change.sealed ?? current.sealed,
            recipients,
            sweepAt: sweepAtOf(recipients),
            status: change.status ?? current.status,
            message: change.message === undefined ? current.message : (change.message ?? undefined),
            expiresAt: change.expiresAt === undefined ? current.expiresAt : expiresAt,
          };
          return { document, events };
        },
        async () => {
          if (after) await allowlistChanges.settle(before, after, 'gateway');
          await Promise.all(removed.map(({ accountId }) => grants.remove(accountId, share.id)));
        },
      );
      if (!updated) throw noSuchShare();
      return updated;
    },

    /** Ends a share: from the reply on no request passes, and open streams are cut. Repeating it is no error. */
    remove: (share: Share, actor: AuditActor) => end(share, 'deleted', actor),

    /** Ends every open share of a system. */
    async endAll(systemId: SystemId, actor: AuditActor): Promise<void> {
      let continuation: string | undefined;
      do {
        const page: Page<{ document: Share }> = await shares.query({
          where: [['systemId', '=', systemId]],
          limit: 100,
          ...(continuation !== undefined && { continuation }),
        });
        for (const { document } of page.items) {
          if (document.status !== 'ended') await end(document, 'disconnected', actor);
        }
        continuation = page.continuation;
      } while (continuation !== undefined);
    },

    /** Ends what has expired, some at a time. @returns how many */
    async endExpired(limit: number): Promise<number> {
      const page = await shares.query({
        where: [['expiresAt', '<=', now()]],
        orderBy: ['expiresAt', 'asc'],
        limit,
      });
      for (const { document } of page.items) {
        await end(document, 'expired', { kind: 'service', id: 'expiry' });
      }
      return page.items.length;
    },

    /** Queues one invitation again, under a new operation id. @throws Problem invalid-request, conflict */
    async resendInvitation(share: Share, actor: AuditActor, email: EmailAddress): Promise<Share> {
      if (!share.recipients.some((recipient) => recipient.email === email)) {
        const detail = 'This share has no such recipient.';
        throw new Problem('invalid-request', detail, { errors: [{ field: 'email', detail }] });
      }
      const updated = await untold.change(share, (current) => {
        if (statusAt(current, now()) !== 'active') throw new Problem('conflict', 'This share is not active.');
        const recipients = current.recipients.map((recipient) => {
          if (recipient.email !== email) return recipient;
          return { ...recipient, invitation: newRecipient(email).invitation };
        });
        const event = eventOf(current, actor, 'invitation.resent', { to: email });
        return { document: { ...current, recipients, sweepAt: sweepAtOf(recipients) }, events: [event] };
      });
      if (!updated) throw noSuchShare();
      return updated;
    },

    /** The shares that name an account, without those that ended. */
    async receivedBy(accountId: AccountId): Promise<Share[]> {
      const { items } = await grants.query({ partition: accountId, limit: 100 });
      const found = await Promise.all(items.map(({ document }) => shares.read(document.id)));
      return found.flatMap((stored) => {
        const share = stored?.document;
        const listed = share?.recipients.some((recipient) => recipient.accountId === accountId);
        return share && listed && share.status !== 'ended' ? [share] : [];
      });
    },

    /** A recipient removes itself. @throws Problem not-found */
    async leave(id: ShareId, accountId: AccountId, email: EmailAddress): Promise<void> {
      const actor = { kind: 'recipient', id: accountId, label: email } as const;
      const leaving = (current: Share) => {
        const recipients = current.recipients.filter((recipient) => recipient.accountId !== accountId);
        if (recipients.length === current.recipients.length) throw noSuchShare();
        const event = eventOf(current, actor, 'share.recipient-left');
        return { document: { ...current, recipients, sweepAt: sweepAtOf(recipients) }, events: [event] };
      };
      const left = await untold.change({ pk: id, id }, leaving, () => grants.remove(accountId, id));
      if (!left) throw noSuchShare();
    },

    /** A recipient removes itself from every share that names it. */
    async leaveAll(accountId: AccountId, email: EmailAddress): Promise<void> {
      for (;;) {
        const { items } = await grants.query({ partition: accountId, limit: 100 });
        if (items.length === 0) return;
        for (const { document } of items) {
          await this.leave(document.id, accountId, email).catch((error: unknown) => {
            if (!(error instanceof Problem) || error.code !== 'not-found') throw error;
          });
          await grants.remove(accountId, document.id);
        }
      }
    },

    /** Notes that a recipient opened the share: the first time, and then at most once a minute. */
    async noteOpened(share: Share, accountId: AccountId): Promise<void> {
      const at = now();
      const stale = (recipient: Recipient) =>
        recipient.accountId === accountId &&
        (!recipient.lastOpenedAt || Date.parse(at) - Date.parse(recipient.lastOpenedAt) >= minute);
      if (!share.recipients.some(stale)) return;
      await untold.change(share, (current) => {
        const known = current.recipients.find(stale);
        if (!known) return undefined;
        const opened = { ...known, firstOpenedAt: known.firstOpenedAt ?? at, lastOpenedAt: at };
        const recipients = current.recipients.map((each) => (each === known ? opened : each));
        const actor = { kind: 'recipient', id: accountId, label: known.email } as const;
        const first = known.firstOpenedAt === undefined;
        const events = first ? [eventOf(current, actor, 'share.opened')] : [];
        return { document: { ...current, recipients }, events };
      });
    },

    /** Forgets shares that ended long ago; their links then lead nowhere. @returns how many */
    async forgetEnded(limit: number): Promise<number> {
      const before = instant(clock.now() - 365 * day);
      const page = await shares.query({
        where: [['endedAt', '<=', before]],
        orderBy: ['endedAt', 'asc'],
        limit,
      });
      for (const { document, etag } of page.items) await shares.remove(document.pk, document.id, etag);
      return page.items.length;
    },
  };
}

export type Shares = ReturnType<typeof createShares>;

const grantOf = (accountId: AccountId, shareId: ShareId): Grant => ({
  id: shareId,
  pk: accountId,
  schemaVersion: 1,
});

/** A share id that follows from an Idempotency-Key; as unguessable as the key is. */
function shareIdFrom(systemId: SystemId, key: string): ShareId {
  const digest = Buffer.from(sha256(`${systemId} ${key}`), 'base64url');
  return newShareId({ bytes: (count) => Buffer.concat([digest, digest, digest]).subarray(0, count) });
}
