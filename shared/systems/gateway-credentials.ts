import type { AuditLog } from '../audit/audit-log.ts';
import { instant, minute, type Clock, type Random } from '../clock.ts';
import type { GatewayId, SystemId } from '../identifier.ts';
import type { Log } from '../log.ts';
import type { AccessTokens, VerifiedAccessToken } from '../oauth/access-token.ts';
import { accessTokenLifetime } from '../oauth/access-token.ts';
import { Problem } from '../problem.ts';
import { OAuthError, type RefreshFailure } from '../oauth/oauth-error.ts';
import type { RenewalAttempt } from '../oauth/refresh-attempt.ts';
import {
  formatRefreshKey,
  hashOfRefreshKey,
  newNonce,
  readRefreshKey,
  type GenuineRefreshKey,
} from '../oauth/refresh-key.ts';
import {
  afterArrival,
  afterDoubt,
  afterRenewal,
  isOfEarlierLine,
  judgeArrival,
  judgeRenewal,
  nextLine,
} from '../oauth/refresh-rules.ts';
import type { OwnersNotice } from '../organizations/owners-notice.ts';
import { utcText } from '../pages/utc-text.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import type { Collection } from '../store/collection.ts';
import { DocumentChanged, type Etag, type Versioned } from '../store/document-store.ts';
import { silence } from './silent-systems.ts';
import type { GatewayRecord } from './gateway-record.ts';

export interface IssuedCredentials {
  readonly accessToken: string;
  readonly refreshKey: string;
  /** Seconds. */
  readonly expiresIn: number;
  readonly gateway: GatewayRecord;
}

export interface GatewayCredentialsDependencies {
  readonly gateways: Collection<GatewayRecord>;
  readonly tokens: AccessTokens;
  readonly secrets: SecretStore;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly owners: Pick<OwnersNotice, 'credentialsRevoked'>;
}

const advice = {
  expired: 'The refresh key has expired: an owner or admin can renew it in the portal.',
  reused: 'A refresh key was used twice: the credentials are revoked, and need a new approval.',
  revoked: 'The credentials were revoked: an owner or admin can approve this gateway again.',
  superseded: 'This attempt comes after a newer renewal; nothing has changed.',
  system_deleted: 'This system no longer exists here: connect it anew.',
  gateway_removed: 'This gateway was removed from its system: connect it anew to add it again.',
} as const;

/** What a gateway is told: for one that was ended, also who did it and when. */
function wordsFor(failure: RefreshFailure, { stateReason, stateAt }: GatewayRecord): string {
  const ended = failure === 'system_deleted' || failure === 'gateway_removed';
  if (!ended || stateReason === undefined || stateAt === undefined) return advice[failure];
  const what = failure === 'system_deleted' ? 'The system was disconnected' : 'This gateway was removed';
  return `${what} ${stateReason} on ${utcText(stateAt)}.`;
}

const theftReason = (generation: number): string =>
  `a credential of generation ${generation} was used by two parties`;

// Two writers at once are an exception; more than this is a fault.
const turns = 8;

/** Issues, renews, checks and revokes the credentials of gateways. */
export function createGatewayCredentials({
  gateways,
  tokens,
  secrets,
  audit,
  clock,
  random,
  log,
  owners,
}: GatewayCredentialsDependencies) {
  async function sign(
    gateway: GatewayRecord,
    generation: number,
    attempt?: RenewalAttempt,
  ): Promise<IssuedCredentials> {
    const mac = await secrets.current('refresh-key-mac');
    const refreshKey = formatRefreshKey(
      {
        gatewayId: gateway.id,
        generation,
        issuedAt: Math.floor(clock.now() / 1000),
        nonce: newNonce(random),
      },
      mac.value,
    );
    const accessToken = await tokens.sign({
      systemId: gateway.systemId,
      gatewayId: gateway.id,
      generation,
      keyHash: hashOfRefreshKey(refreshKey),
      attemptHash: attempt?.hash,
    });
    return { accessToken, refreshKey, expiresIn: accessTokenLifetime, gateway };
  }

  const asActor = (gateway: GatewayRecord) =>
    ({ kind: 'gateway', id: gateway.id, label: gateway.name }) as const;

  /** @returns false when the record changed meanwhile, so that it must be judged anew */
  async function replaced(gateway: GatewayRecord, etag: Etag): Promise<boolean> {
    try {
      await gateways.replace(gateway, etag);
      return true;
    } catch (error) {
      if (error instanceof DocumentChanged) return false;
      throw error;
    }
  }

  /** @returns false when the record changed meanwhile, so that it must be judged anew */
  async function revokedForTheft(
    { document, etag }: Versioned<GatewayRecord>,
    generation: number,
  ): Promise<boolean> {
    const gateway: GatewayRecord = {
      ...document,
      state: 'revoked',
      stateReason: theftReason(generation),
      stateAt: instant(clock.now()),
      theftGeneration: generation,
      untoldSince: instant(clock.now()),
    };
    if (!(await replaced(gateway, etag))) return false;
    log.warn('gateway revoked', { gatewayId: gateway.id, generation });
    await tellOfTheft(gateway);
    return true;
  }

  /** After a crash half way it is told again: the audit may say it twice, the owners get one e-mail. */
  async function tellOfTheft(gateway: GatewayRecord): Promise<void> {
    const generation = gateway.theftGeneration ?? 0;
    const reason = theftReason(generation);
    await audit.append({
      organizationId: gateway.organizationId,
      actor: asActor(gateway),
      action: 'gateway.revoked',
      subject: { kind: 'system', id: gateway.systemId },
      details: { reason, generation },
    });
    await owners.credentialsRevoked(gateway, reason);
    await gateways.update(gateway.id, gateway.id, ({ untoldSince, ...current }) =>
      untoldSince === undefined ? undefined : current,
    );
  }

  /** What the host that found a theft may have died before. */
  async function catchUpTelling(gateway: GatewayRecord): Promise<void> {
    const { untoldSince } = gateway;
    if (untoldSince !== undefined && clock.now() - Date.parse(untoldSince) > minute) {
      await tellOfTheft(gateway);
    }
  }

  async function refuse(
    gateway: GatewayRecord,
    key: GenuineRefreshKey,
    failure: Exclude<RefreshFailure, 'reused'>,
  ): Promise<never> {
    await audit.append({
      organizationId: gateway.organizationId,
      actor: asActor(gateway),
      action: 'gateway.renewal-refused',
      subject: { kind: 'system', id: gateway.systemId },
      details: { reason: failure, generation: key.generation },
    });
    await catchUpTelling(gateway);
    throw new OAuthError('invalid_grant', wordsFor(failure, gateway), failure);
  }

  const renewedNow = () => ({
    renewedAt: instant(clock.now()),
    silentAt: instant(clock.now() + silence),
  });

  async function genuine(presented: string): Promise<GenuineRefreshKey | undefined> {
    const macKeys = (await secrets.versions('refresh-key-mac')).map(({ value }) => value);
    return readRefreshKey(presented, macKeys);
  }

  return {
    /**
     * The first credentials after an approval. May be repeated until one of them was used, since the reply
     * to a device's poll can be lost like any other.
     * @param line the generation with which the approval's line begins
     * @throws OAuthError invalid_grant once they were used, or another approval came after
     */
    async issueFirst(gatewayId: GatewayId, line = 0): Promise<IssuedCredentials> {
      const first = line + 1;
      const gateway = await gateways.update(gatewayId, gatewayId, (current) => {
        const unissued = current.generation === line || current.generation === first;
        if (current.state !== 'active' || !unissued || current.arrivedKeyHash !== undefined) {
          throw new OAuthError('invalid_grant', 'This device code has been used.');
        }
        return { ...current, generation: first, ...renewedNow() };
      });
      if (!gateway) throw new OAuthError('invalid_grant', 'This device code has been used.');
      return sign(gateway, first);
    },

    /**
     * Whose key this is or once was: it may have expired, or have been revoked, and renews nothing here.
     * @returns undefined when this service never issued it
     */
    async holderOf(
      presented: string,
    ): Promise<{ key: GenuineRefreshKey; gateway: GatewayRecord | undefined } | undefined> {
      const key = await genuine(presented);
      return key && { key, gateway: (await gateways.read(key.gatewayId))?.document };
    },

    /**
     * Begins a line of credentials anew, after an approval: everything issued before stays dead.
     * @param seen the generation of the key by which the gateway asked; a restored record may lag behind it
     * @returns the generation with which the line begins
     * @throws Problem conflict when the gateway was ended for good
     */
    async beginLine(gatewayId: GatewayId, seen: number): Promise<number> {
      const gateway = await gateways.update(gatewayId, gatewayId, (current) => {
        if (current.state !== 'active' && current.state !== 'revoked') {
          throw new Problem('conflict', 'This gateway was removed, or its system disconnected.');
        }
        const { id, pk, schemaVersion, systemId, organizationId, name, application, createdAt } = current;
        const { seenAt, seenFrom, theftGeneration, untoldSince } = current;
        return {
          ...{ id, pk, schemaVersion, systemId, organizationId, name, application, createdAt },
          ...{ seenAt, seenFrom },
          // Owners and audit still hear of a theft whose finder died.
          ...(untoldSince !== undefined && { theftGeneration, untoldSince }),
          state: 'active',
          generation: nextLine(Math.max(current.generation, seen)),
          approvedAt: instant(clock.now()),
        };
      });
      if (!gateway) throw new Problem('conflict', 'This gateway no longer exists.');
      return gateway.generation;
    },

    /** Notes when and from where a gateway was seen; at most every five minutes, since each is a write. */
    async noteSeen(gateway: GatewayRecord, from: string): Promise<void> {
      const now = clock.now();
      const recent = gateway.seenAt !== undefined && now - Date.parse(gateway.seenAt) < 5 * minute;
      if (recent && gateway.seenFrom === from) return;
      await gateways.update(gateway.id, gateway.id, (current) => ({
        ...current,
        seenAt: instant(now),
        seenFrom: from,
      }));
    },

    /** Ends one gateway for good, while its system goes on. @returns false when it was ended already */
    async remove(gatewayId: GatewayId, by: string): Promise<boolean> {
      let changed = false;
      await gateways.update(gatewayId, gatewayId, (current) => {
        changed = current.state === 'active' || current.state === 'revoked';
        return changed
          ? { ...current, state: 'removed', stateReason: `by ${by}`, stateAt: instant(clock.now()) }
          : undefined;
      });
      return changed;
    },

    /**
     * RFC 6749 section 6 with rotation: one point read and one conditional write.
     * @param attempt where the client names its attempts
     * @throws OAuthError invalid_grant, with `failure` set when the key was genuine
     */
    async renew(presented: string, attempt?: RenewalAttempt): Promise<IssuedCredentials> {
      const key = await genuine(presented);
      if (!key) throw new OAuthError('invalid_grant', 'The refresh token is not valid.');

      for (let turn = 0; turn < turns; turn++) {
        const stored = await gateways.read(key.gatewayId);
        if (!stored) throw new OAuthError('invalid_grant', advice.system_deleted, 'system_deleted');
        const gateway = stored.document;
        const verdict = judgeRenewal(gateway, key, clock.now(), attempt);
        switch (verdict.kind) {
          case 'refused':
            return refuse(gateway, key, verdict.failure);
          case 'late':
            return refuse(gateway, key, 'superseded');
          case 'doubt': {
            const noted = afterDoubt(gateway, key, verdict.attemptHash);
            if (noted !== gateway && !(await replaced(noted, stored.etag))) continue;
            return refuse(gateway, key, 'superseded');
          }
          case 'theft':
            if (!(await revokedForTheft(stored, verdict.generation))) continue;
            throw new OAuthError('invalid_grant', advice.reused, 'reused');
          case 'issue': {
            const renewed = {
              ...afterRenewal(gateway, key, verdict.generation, attempt),
              ...renewedNow(),
            };
            if (await replaced(renewed, stored.etag)) return sign(renewed, verdict.generation, attempt);
          }
        }
      }
      throw new OAuthError(
        'temporarily_unavailable',
        'Too many renewals of this gateway at once; try again.',
      );
    },

    /**
     * Checks an access token against the gateway's record, and notes that the reply with it has arrived.
     * @returns undefined when the bearer has no access
     * @throws Problem unavailable
     */
    async authenticate(
      accessToken: string,
    ): Promise<(VerifiedAccessToken & { gateway: GatewayRecord }) | undefined> {
      const token = await tokens.verify(accessToken);
      if (!token) return undefined;
      for (let turn = 0; turn < turns; turn++) {
        const stored = await gateways.read(token.gatewayId);
        if (!stored) return undefined;
        const gateway = stored.document;
        if (gateway.state !== 'active') {
          await catchUpTelling(gateway);
          return undefined;
        }
        const verdict = judgeArrival(gateway, token);
        if (verdict === 'known') return { ...token, gateway };
        if (verdict === 'dead') return undefined;
        if (verdict === 'theft') {
          if (await revokedForTheft(stored, token.generation)) return undefined;
          continue;
        }
        const arrived = afterArrival(gateway, token, clock.now());
        if (await replaced(arrived, stored.etag)) return { ...token, gateway: arrived };
      }
      throw new Problem('unavailable', 'Too many requests of this gateway at once; try again.', {
        retryAfter: 1,
      });
    },

    /** For the expiry timer: tells of thefts whose finder died before it could. @returns how many */
    async tellOfThefts(limit: number): Promise<number> {
      const { items } = await gateways.query({
        where: [['untoldSince', '<', instant(clock.now() - minute)]],
        limit,
      });
      for (const { document } of items) await tellOfTheft(document);
      return items.length;
    },

    /** RFC 7009. Unknown and invented tokens are no error, and tell nothing. */
    async revoke(presented: string): Promise<void> {
      const shown = (await genuine(presented)) ?? (await tokens.verify(presented));
      if (!shown) return;
      let changed = false;
      const gateway = await gateways.update(shown.gatewayId, shown.gatewayId, (current) => {
        changed = current.state === 'active' && !isOfEarlierLine(current, shown.generation);
        return changed
          ? {
              ...current,
              state: 'revoked',
              stateReason: 'the gateway gave them up',
              stateAt: instant(clock.now()),
            }
          : undefined;
      });
      if (!gateway || !changed) return;
      await audit.append({
        organizationId: gateway.organizationId,
        actor: { kind: 'gateway', id: gateway.id, label: gateway.name },
        action: 'gateway.revoked',
        subject: { kind: 'system', id: gateway.systemId },
        details: { reason: 'the gateway gave up its credentials' },
      });
    },

    /** Ends every gateway of a system; its tokens and keys are dead from the reply on. @param by in words */
    async disconnectAll(systemId: SystemId, by: string): Promise<void> {
      let continuation: string | undefined;
      do {
        const page = await gateways.query({
          where: [['systemId', '=', systemId]],
          limit: 100,
          ...(continuation !== undefined && { continuation }),
        });
        for (const { document } of page.items) {
          await gateways.update(document.pk, document.id, (current) =>
            current.state === 'disconnected' || current.state === 'removed'
              ? undefined
              : {
                  ...current,
                  state: 'disconnected',
                  stateReason: `by ${by}`,
                  stateAt: instant(clock.now()),
                },
          );
        }
        continuation = page.continuation;
      } while (continuation !== undefined);
    },
  };
}

export type GatewayCredentials = ReturnType<typeof createGatewayCredentials>;
