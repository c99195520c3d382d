import { z } from 'zod';
import type { Account } from '../accounts/account.ts';
import type { Session } from '../accounts/session.ts';
import { serviceAudit, type AuditLog } from '../audit/audit-log.ts';
import { instant, minute, second, type Clock, type Instant, type Random } from '../clock.ts';
import {
  newGatewayId,
  newOrganizationId,
  newSecret,
  newSystemId,
  randomText,
  sameSecret,
  sha256,
  type GatewayId,
  type OrganizationId,
  type SystemId,
} from '../identifier.ts';
import {
  ignoreExisting,
  mayManage,
  reserveSlug,
  roleOf,
  type Organizations,
  type SlugReservation,
} from '../organizations/organization.ts';
import { Problem } from '../problem.ts';
import { identifier, instantSchema } from '../store/document-fields.ts';
import type { Collection } from '../store/collection.ts';
import { DocumentExists } from '../store/document-store.ts';
import type { GatewayCredentials, IssuedCredentials } from '../systems/gateway-credentials.ts';
import type { GatewayRecord } from '../systems/gateway-record.ts';
import type { System } from '../systems/system.ts';
import { OAuthError } from './oauth-error.ts';

/** One request of a gateway for approval (RFC 8628). Found by its user code; the device code only proves itself. */
export interface DeviceGrant {
  /** Hash of the user code. */
  readonly id: string;
  readonly pk: string;
  readonly schemaVersion: 1;
  readonly secretHash: string;
  readonly gatewayName: string;
  readonly application?: string | undefined;
  readonly requestedFrom: string;
  readonly requestedAt: Instant;
  readonly expiresAt: Instant;
  /** Seconds between two polls. */
  readonly interval: number;
  readonly polledAt?: Instant | undefined;
  readonly state: 'pending' | 'approved' | 'denied';
  /** What an approval will make; fixed at the start so that a repeated approval makes nothing twice. */
  readonly systemId: SystemId;
  readonly gatewayId: GatewayId;
  readonly organizationId: OrganizationId;
  /** Set where a gateway known here asks again: then the ids are its own. */
  readonly renews?: GatewayRenewal | undefined;
  /** The generation with which the credentials of the approval begin. */
  readonly line?: number | undefined;
}

/** Why a gateway asks to be approved again; the service's own finding, not the gateway's word. */
export const renewalReasons = ['expired', 'reused', 'revoked', 'superseded', 'none'] as const;
export type RenewalReason = (typeof renewalReasons)[number];

/** What is known of a gateway that asks again, since it showed a refresh key that this service once issued. */
export interface GatewayRenewal {
  /** Shown to owners and admins, to be compared with the gateway's console; it decides nothing by itself. */
  readonly userCode: string;
  readonly why: RenewalReason;
  /** Of the key that it showed. */
  readonly generation: number;
  readonly keyIssuedAt: Instant;
}

export const deviceGrantSchema: z.ZodType<DeviceGrant> = z.object({
  id: z.string(),
  pk: z.string(),
  schemaVersion: z.literal(1),
  secretHash: z.string(),
  gatewayName: z.string(),
  application: z.string().optional(),
  requestedFrom: z.string(),
  requestedAt: instantSchema,
  expiresAt: instantSchema,
  interval: z.number().int(),
  polledAt: instantSchema.optional(),
  state: z.enum(['pending', 'approved', 'denied']),
  systemId: identifier<SystemId>(),
  gatewayId: identifier<GatewayId>(),
  organizationId: identifier<OrganizationId>(),
  renews: z
    .object({
      userCode: z.string(),
      why: z.enum(renewalReasons),
      generation: z.number().int(),
      keyIssuedAt: instantSchema,
    })
    .optional(),
  line: z.number().int().optional(),
});

/** RFC 8628 section 6.1: no vowels, so no words; 20^8 codes, entered by signed-in people only, and throttled. */
const userCodeAlphabet = 'BCDFGHJKLMNPQRSTVWXZ';
export const deviceCodeLifetime = 15 * minute;
const pollInterval = 5;
/** Nobody waits in front of it, and it may ask for weeks. */
const renewalPollInterval = 10;
/** Of one system. Azure lets 25 listeners share a hybrid connection, and a gateway has two. */
const mostGateways = 10;
/** A poll may come a little early: timers and networks are not exact. */
const pollTolerance = second / 2;

export const idOfUserCode = (userCode: string): string => sha256(`user code ${userCode}`);

/** Takes a user code as people type it (RFC 8628 section 6.1): any case, with or without the hyphen. */
export function normalizeUserCode(typed: string): string | undefined {
  const code = typed.toUpperCase().replace(/[^A-Z0-9]/g, '');
  if (code.length !== 8 || [...code].some((c) => !userCodeAlphabet.includes(c))) return undefined;
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** Who approves, with what the session proved. */
export type Approver = Account & Pick<Session, 'factors'>;

/** A gateway comes with a new system of its own, or is added to one that is there. */
export type Approval = NewSystem | { readonly addTo: SystemId };

export interface NewSystem {
  readonly organization:
    | { readonly kind: 'existing'; readonly id: OrganizationId }
    | { readonly kind: 'new'; readonly name: string; readonly slug: string };
  readonly system: { readonly name: string; readonly slug: string };
}

export interface DeviceGrantDependencies {
  readonly grants: Collection<DeviceGrant>;
  readonly systems: Collection<System>;
  readonly gateways: Collection<GatewayRecord>;
  readonly slugs: Collection<SlugReservation>;
  readonly organizations: Organizations;
  readonly credentials: GatewayCredentials;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly random: Random;
}

export function createDeviceGrants(deps: DeviceGrantDependencies) {
  const { grants, systems, gateways, slugs, organizations, credentials, audit, clock, random } = deps;

  const unexpired = (grant: DeviceGrant) => grant.expiresAt > instant(clock.now());

  async function pending(userCode: string): Promise<DeviceGrant | undefined> {
    const grant = (await grants.read(idOfUserCode(userCode)))?.document;
    return grant?.state === 'pending' && unexpired(grant) ? grant : undefined;
  }

  /** Only owners and admins connect. @throws Problem forbidden, not-found, second-factor-required */
  async function managed(id: OrganizationId, account: Approver) {
    const caller = { accountId: account.id, factors: account.factors };
    const { organization, role } = await organizations.forMember(id, caller);
    if (!mayManage(role)) {
      throw new Problem('forbidden', 'Only an owner or admin of the organization can connect a system.');
    }
    return organization;
  }

  async function makeOrganization(
    { organizationId }: DeviceGrant,
    account: Approver,
    wanted: { name: string; slug: string },
  ) {
    const organization = await organizations.create(account, wanted, organizationId);
    await audit.append({
      organizationId,
      actor: { kind: 'account', id: account.id, label: account.email },
      action: 'organization.created',
      subject: { kind: 'organization', id: organizationId, label: organization.name },
      details: { slug: organization.slug },
    });
    return organization;
  }

  async function makeSystem(grant: DeviceGrant, account: Approver, approval: NewSystem): Promise<System> {
    const organization =
      approval.organization.kind === 'new'
        ? await makeOrganization(grant, account, approval.organization)
        : await managed(approval.organization.id, account);
    const { name, slug } = approval.system;
    await reserveSlug(slugs, `system ${organization.id} ${slug}`, grant.systemId, 'systemSlug');
    const system: System = {
      id: grant.systemId,
      pk: grant.systemId,
      schemaVersion: 1,
      organizationId: organization.id,
      name,
      slug,
      state: 'connected',
      application: grant.application,
      connectedBy: account.id,
      connectedAt: instant(clock.now()),
    };
    await systems.create(system).catch(ignoreExisting);
    return system;
  }

  async function systemToExtend(id: SystemId, account: Approver): Promise<System> {
    const system = (await systems.read(id))?.document;
    if (system?.state !== 'connected') throw new Problem('not-found', 'There is no such system.');
    await managed(system.organizationId, account);
    const { items } = await gateways.query({ where: [['systemId', '=', id]], limit: 1000 });
    const alive = items.filter(({ document: { state } }) => state === 'active' || state === 'revoked');
    if (alive.length >= mostGateways) {
      const detail = `This system has ${mostGateways} gateways. Remove one that is no longer used.`;
      throw new Problem('conflict', detail, { errors: [{ field: 'existing', detail }] });
    }
    return system;
  }

  return {
    /** RFC 8628 section 3.1 and 3.2. */
    async request(from: {
      gatewayName: string;
      application?: string | undefined;
      source: string;
      renewal?:
        | (Pick<DeviceGrant, 'systemId' | 'gatewayId' | 'organizationId'> & Omit<GatewayRenewal, 'userCode'>)
        | undefined;
    }) {
      const { renewal } = from;
      const interval = renewal ? renewalPollInterval : pollInterval;
      for (;;) {
        const code = randomText(random, 8, userCodeAlphabet);
        const userCode = `${code.slice(0, 4)}-${code.slice(4)}`;
        const id = idOfUserCode(userCode);
        const secret = newSecret(random);
        const now = clock.now();
        try {
          await grants.create({
            id,
            pk: id,
            schemaVersion: 1,
            secretHash: sha256(secret),
            gatewayName: from.gatewayName,
            application: from.application,
            requestedFrom: from.source,
            requestedAt: instant(now),
            expiresAt: instant(now + deviceCodeLifetime),
            interval,
            state: 'pending',
            systemId: renewal?.systemId ?? newSystemId(random),
            gatewayId: renewal?.gatewayId ?? newGatewayId(random),
            organizationId: renewal?.organizationId ?? newOrganizationId(random),
            renews: renewal && {
              userCode,
              why: renewal.why,
              generation: renewal.generation,
              keyIssuedAt: renewal.keyIssuedAt,
            },
          });
        } catch (error) {
          if (error instanceof DocumentExists) continue;
          throw error;
        }
        return {
          deviceCode: `${id}.${secret}`,
          userCode,
          expiresIn: deviceCodeLifetime / second,
          interval,
        };
      }
    },

    /**
     * One poll of the gateway (RFC 8628 section 3.4 and 3.5).
     * @throws OAuthError authorization_pending, slow_down, expired_token, access_denied, invalid_grant
     */
    async poll(deviceCode: string): Promise<IssuedCredentials & { system: System }> {
      const [id = ''] = deviceCode.split('.', 1);
      const secret = deviceCode.slice(id.length + 1);
      const known = id ? await grants.read(id) : undefined;
      if (!known || !sameSecret(sha256(secret), known.document.secretHash)) {
        throw new OAuthError('invalid_grant', 'The device code is not valid.');
      }
      const now = clock.now();
      let tooFast = false;
      const grant = await grants.update(id, id, (current) => {
        tooFast =
          current.polledAt !== undefined &&
          now - Date.parse(current.polledAt) < current.interval * second - pollTolerance;
        // Section 3.5: slow_down adds 5 seconds, for this and all later polls.
        return { ...current, polledAt: instant(now), interval: current.interval + (tooFast ? 5 : 0) };
      });
      if (!grant) throw new OAuthError('invalid_grant', 'The device code is not valid.');
      if (grant.state === 'denied')
        throw new OAuthError('access_denied', 'The request was denied in the portal.');
      if (!unexpired(grant))
        throw new OAuthError('expired_token', 'The code has expired: ask for a new one.');
      if (tooFast) throw new OAuthError('slow_down', 'Poll less often.');
      if (grant.state === 'pending') {
        throw new OAuthError('authorization_pending', 'Nobody has approved or denied the request yet.');
      }
      const issued = await credentials.issueFirst(grant.gatewayId, grant.line);
      const system = await systems.read(issued.gateway.systemId);
      if (!system) throw new OAuthError('invalid_grant', 'The system no longer exists.', 'system_deleted');
      return { ...issued, system: system.document };
    },

    /** The request behind a user code, while it can be decided. */
    pending,

    /**
     * Approves: the gateway comes with a new system, or is added to one.
     * Safe to repeat. @throws Problem not-found, forbidden, conflict (the short name is taken; gateways enough)
     */
    async approve(userCode: string, account: Approver, approval: Approval): Promise<System> {
      const grant = await pending(userCode);
      if (!grant || grant.renews) {
        throw new Problem('not-found', 'This code is unknown, decided or too old.');
      }
      const adds = 'addTo' in approval;
      const system = adds
        ? await systemToExtend(approval.addTo, account)
        : await makeSystem(grant, account, approval);
      await gateways
        .create({
          id: grant.gatewayId,
          pk: grant.gatewayId,
          schemaVersion: 1,
          systemId: system.id,
          organizationId: system.organizationId,
          name: grant.gatewayName,
          application: grant.application,
          state: 'active',
          generation: 0,
          createdAt: instant(clock.now()),
        })
        .catch(ignoreExisting);
      const now = await organizations.read(system.organizationId);
      const disconnected = (await systems.read(system.id))?.document.state !== 'connected';
      if (!now || !mayManage(roleOf(now, account.id)) || disconnected) {
        // Deleted or demoted meanwhile: no credentials are handed out, and the expiry timer clears up.
        if (adds) await credentials.remove(grant.gatewayId, 'the service');
        else
          await systems.update(system.id, system.id, (current) => ({ ...current, state: 'disconnecting' }));
        throw new Problem('forbidden', 'The organization has changed meanwhile. Ask one of its owners.');
      }
      await grants.update(grant.id, grant.id, (current) =>
        current.state === 'pending' ? { ...current, state: 'approved' } : undefined,
      );
      await audit.append({
        organizationId: system.organizationId,
        actor: { kind: 'account', id: account.id, label: account.email },
        action: adds ? 'gateway.added' : 'system.connected',
        subject: { kind: 'system', id: system.id, label: system.name },
        details: { gateway: grant.gatewayName, from: grant.requestedFrom },
      });
      return system;
    },

    async deny(userCode: string, by: Pick<Approver, 'id' | 'email'>): Promise<void> {
      const grant = await pending(userCode);
      if (!grant) throw new Problem('not-found', 'This code is unknown, decided or too old.');
      await grants.update(grant.id, grant.id, (current) =>
        current.state === 'pending' ? { ...current, state: 'denied' } : undefined,
      );
      // It belongs to no organization yet.
      await audit.append({
        organizationId: serviceAudit,
        actor: { kind: 'account', id: by.id, label: by.email },
        action: 'system.connection-denied',
        details: { gateway: grant.gatewayName, from: grant.requestedFrom },
      });
    },
  };
}

export type DeviceGrants = ReturnType<typeof createDeviceGrants>;
