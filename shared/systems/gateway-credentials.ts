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
  judgeArrival,
  judgeRenewal,
} from '../oauth/refresh-rules.ts';
import type { OwnersNotice } from '../organizations/owners-notice.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import type { Collection } from '../store/collection.ts';
import { DocumentChanged, type Etag, type Versioned } from '../store/document-store.ts';
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
} as const;

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
      stateReason: `a credential of generation ${generation} was used by two parties`,
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
    const reason = gateway.stateReason ?? '';
    const generation = gateway.theftGeneration ?? 0;
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
    throw new OAuthError('invalid_grant', advice[failure], failure);
  }

  return {
    /**
     * The first credentials after an approval. May be repeated until one of them was used, since the reply
     * to a device's poll can be lost like any other.
     * @throws OAuthError invalid_grant once they were used
     */
    async issueFirst(gatewayId: GatewayId): Promise<IssuedCredentials> {
      const gateway = await gateways.update(gatewayId, gatewayId, (current) => {
        const unused = current.generation <= 1 && current.arrivedKeyHash === undefined;
        if (current.state !== 'active' || !unused) {
          throw new OAuthError('invalid_grant', 'This device code has been used.');
        }
        return { ...current, generation: 1, renewedAt: instant(clock.now()) };
      });
      if (!gateway) throw new OAuthError('invalid_grant', 'This device code has been used.');
      return sign(gateway, 1);
    },

    /**
     * RFC 6749 section 6 with rotation: one point read and one conditional write.
     * @param attempt where the client names its attempts
     * @throws OAuthError invalid_grant, with `failure` set when the key was genuine
     */
    async renew(presented: string, attempt?: RenewalAttempt): Promise<IssuedCredentials> {
      const macKeys = (await secrets.versions('refresh-key-mac')).map(({ value }) => value);
      const key = readRefreshKey(presented, macKeys);
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
              renewedAt: instant(clock.now()),
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
      const macKeys = (await secrets.versions('refresh-key-mac')).map(({ value }) => value);
      const gatewayId =
        readRefreshKey(presented, macKeys)?.gatewayId ?? (await tokens.verify(presented))?.gatewayId;
      if (!gatewayId) return;
      let changed = false;
      const gateway = await gateways.update(gatewayId, gatewayId, (current) => {
        changed = current.state === 'active';
        return changed
          ? { ...current, state: 'revoked', stateReason: 'the gateway gave them up' }
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

    /** Ends every gateway of a system; its tokens and keys are dead from the reply on. */
    async disconnectAll(systemId: SystemId): Promise<void> {
      let continuation: string | undefined;
      do {
        const page = await gateways.query({
          where: [['systemId', '=', systemId]],
          limit: 100,
          ...(continuation !== undefined && { continuation }),
        });
        for (const { document } of page.items) {
          await gateways.update(document.pk, document.id, (current) =>
            current.state === 'disconnected' ? undefined : { ...current, state: 'disconnected' },
          );
        }
        continuation = page.continuation;
      } while (continuation !== undefined);
    },
  };
}

export type GatewayCredentials = ReturnType<typeof createGatewayCredentials>;
