import type { AuditLog } from '../audit/audit-log.ts';
import { instant, type Clock, type Random } from '../clock.ts';
import type { GatewayId, SystemId } from '../identifier.ts';
import type { Log } from '../log.ts';
import type { AccessTokens, VerifiedAccessToken } from '../oauth/access-token.ts';
import { accessTokenLifetime } from '../oauth/access-token.ts';
import { OAuthError } from '../oauth/oauth-error.ts';
import { formatRefreshKey, hashOfRefreshKey, newNonce, readRefreshKey } from '../oauth/refresh-key.ts';
import { judgeArrival, judgeRenewal } from '../oauth/refresh-rules.ts';
import type { OwnersNotice } from '../organizations/owners-notice.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import type { Collection } from '../store/collection.ts';
import { DocumentChanged } from '../store/document-store.ts';
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
  system_deleted: 'This system no longer exists here: connect it anew.',
} as const;

// Two writers at once are an exception; more than this is a fault.
const attempts = 8;

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
  async function sign(gateway: GatewayRecord, generation: number): Promise<IssuedCredentials> {
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
    });
    return { accessToken, refreshKey, expiresIn: accessTokenLifetime, gateway };
  }

  async function revokeForTheft(gateway: GatewayRecord, generation: number): Promise<void> {
    const reason = `a credential of generation ${generation} was used by two parties`;
    await gateways.update(gateway.id, gateway.id, (current) =>
      current.state === 'active' ? { ...current, state: 'revoked', stateReason: reason } : undefined,
    );
    log.warn('gateway revoked', { gatewayId: gateway.id, generation });
    await audit.append({
      organizationId: gateway.organizationId,
      actor: { kind: 'gateway', id: gateway.id, label: gateway.name },
      action: 'gateway.revoked',
      subject: { kind: 'system', id: gateway.systemId },
      details: { reason, generation },
    });
    await owners.credentialsRevoked(gateway, reason);
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
     * @throws OAuthError invalid_grant, with `failure` set when the key was genuine
     */
    async renew(presented: string): Promise<IssuedCredentials> {
      const macKeys = (await secrets.versions('refresh-key-mac')).map(({ value }) => value);
      const key = readRefreshKey(presented, macKeys);
      if (!key) throw new OAuthError('invalid_grant', 'The refresh token is not valid.');

      for (let attempt = 0; attempt < attempts; attempt++) {
        const stored = await gateways.read(key.gatewayId);
        if (!stored) throw new OAuthError('invalid_grant', advice.system_deleted, 'system_deleted');
        const gateway = stored.document;
        const verdict = judgeRenewal(gateway, key, clock.now());
        if (verdict.kind === 'refused') {
          await audit.append({
            organizationId: gateway.organizationId,
            actor: { kind: 'gateway', id: gateway.id, label: gateway.name },
            action: 'gateway.renewal-refused',
            subject: { kind: 'system', id: gateway.systemId },
            details: { reason: verdict.failure, generation: key.generation },
          });
          throw new OAuthError('invalid_grant', advice[verdict.failure], verdict.failure);
        }
        if (verdict.kind === 'theft') {
          await revokeForTheft(gateway, verdict.generation);
          throw new OAuthError('invalid_grant', advice.reused, 'reused');
        }
        const renewed: GatewayRecord = {
          ...gateway,
          generation: verdict.generation,
          previousKeyHash: key.hash,
          arrivedKeyHash: undefined,
          renewedAt: instant(clock.now()),
        };
        try {
          await gateways.replace(renewed, stored.etag);
        } catch (error) {
          if (error instanceof DocumentChanged) continue;
          throw error;
        }
        return sign(renewed, verdict.generation);
      }
      throw new OAuthError(
        'temporarily_unavailable',
        'Too many renewals of this gateway at once; try again.',
      );
    },

    /**
     * Checks an access token against the gateway's record, and notes that the reply with it has arrived.
     * @returns undefined when the bearer has no access
     */
    async authenticate(
      accessToken: string,
    ): Promise<(VerifiedAccessToken & { gateway: GatewayRecord }) | undefined> {
      const token = await tokens.verify(accessToken);
      if (!token) return undefined;
      for (let attempt = 0; attempt < attempts; attempt++) {
        const stored = await gateways.read(token.gatewayId);
        if (!stored || stored.document.state !== 'active') return undefined;
        const gateway = stored.document;
        const verdict = judgeArrival(gateway, token);
        if (verdict === 'known') return { ...token, gateway };
        if (verdict === 'theft') {
          await revokeForTheft(gateway, token.generation);
          return undefined;
        }
        const arrived: GatewayRecord = {
          ...gateway,
          generation: token.generation,
          arrivedKeyHash: token.keyHash,
          // Unknown when the record lags behind the token.
          previousKeyHash: token.generation === gateway.generation ? gateway.previousKeyHash : undefined,
        };
        try {
          await gateways.replace(arrived, stored.etag);
          return { ...token, gateway: arrived };
        } catch (error) {
          if (!(error instanceof DocumentChanged)) throw error;
        }
      }
      return undefined;
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
