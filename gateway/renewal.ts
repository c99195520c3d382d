import { day, hour, second } from '../shared/clock.ts';
import type { Clock, Random } from '../shared/clock.ts';
import { hashOfAttempt, mostEarlierAttempts } from '../shared/oauth/refresh-attempt.ts';
import { fraction } from './backoff.ts';
import { GatewayError } from './gateway-error.ts';
import type { OAuthClient, RefreshOutcome, Refusal, RefusalReason, RenewedTokens } from './oauth-client.ts';
import type { RenewalAttempts } from './renewal-attempts.ts';
import { areUsable } from './state/credentials.ts';
import type { Credentials, EndedCredentials, Identity, UsableCredentials } from './state/credentials.ts';
import type { CredentialsStore } from './state/credentials-store.ts';

export interface RenewalParts {
  store: CredentialsStore;
  oauth: Pick<OAuthClient, 'refresh'>;
  attempts: RenewalAttempts;
  clock: Clock;
  random: Random;
}

const spread = 2 * hour;

/** When to renew what is issued now: a day later, give or take up to two hours, evenly spread. */
export function renewalMoment(now: number, random: Random): number {
  return Math.round(now + day - spread + 2 * spread * fraction(random));
}

/**
 * Whether it is time. A clock that was set back since would make the planned moment lie further away than any
 * plan reaches; then it is time as well.
 */
export function isRenewalDue(credentials: UsableCredentials, now: number): boolean {
  return now >= credentials.renewAt || credentials.renewAt - now > day + spread;
}

/**
 * Renews the credentials if `wanted` still says so once the lock is held, for another process may have
 * renewed meanwhile.
 *
 * The old key stays on disk until the new one has replaced it in one step, and the new access token is used by
 * nobody before that. So a crash at any point leaves a key that the service still accepts: it repeats a
 * renewal until something issued by it was used.
 *
 * @returns the credentials on disk afterwards; refused ones are marked so
 * @throws GatewayError when the service gave no usable answer; nothing has changed then
 */
export function renewCredentials(
  parts: RenewalParts,
  wanted: (credentials: UsableCredentials) => boolean,
): Promise<Credentials | undefined> {
  const { store, attempts, clock, random } = parts;
  return store.exclusively(async () => {
    const found = await store.read();
    if (!areUsable(found) || !wanted(found)) return found;
    let { before, outcome } = await attempt(parts, found);
    if (outcome.kind === 'superseded') {
      // This is no old request. Whoever knew its hash may have renewed before; a new nonce brings it to light.
      attempts.discard();
      ({ before, outcome } = await attempt(parts, before));
    }
    if (outcome.kind === 'superseded') {
      throw new GatewayError(
        'unreachable',
        'The service does not decide yet whether this is an old request.',
      );
    }
    if (outcome.kind === 'renewed') {
      const after = renewed(before, outcome.tokens, clock.now(), random);
      await store.write(after);
      return after;
    }
    // On a file system without locks another process may have renewed with this key just now.
    const meanwhile = await store.read();
    if (areUsable(meanwhile) && meanwhile.refreshToken !== before.refreshToken) return meanwhile;
    if (before.state === 'disconnecting') {
      await store.remove();
      return undefined;
    }
    const after = endedBy(outcome, before, clock.now());
    await store.write(after);
    return after;
  });
}

/**
 * Asks once. The attempt's hash is on disk before its nonce is sent, so that whoever goes on after a crash can tell
 * the service that it was this gateway's own, should it arrive late.
 */
async function attempt(
  { store, oauth, attempts }: RenewalParts,
  before: UsableCredentials,
): Promise<{ before: UsableCredentials; outcome: RefreshOutcome }> {
  // Where another process has tried since, this is a new attempt: whoever was told of one was told of all before it.
  const last = hashOfAttempt(attempts.nonce(before.refreshToken));
  if ((before.attempts?.indexOf(last) ?? -1) > 0) attempts.discard();
  const nonce = attempts.nonce(before.refreshToken);
  const hash = hashOfAttempt(nonce);
  const earlier = (before.attempts ?? []).filter((other) => other !== hash).slice(0, mostEarlierAttempts);
  const noted = { ...before, attempts: [hash, ...earlier] };
  if (before.attempts?.[0] !== hash) await store.write(noted);
  return { before: noted, outcome: await oauth.refresh(before.refreshToken, { nonce, earlier }) };
}

function renewed(
  before: UsableCredentials,
  tokens: RenewedTokens,
  now: number,
  random: Random,
): UsableCredentials {
  return {
    ...before,
    systemId: tokens.system_id ?? before.systemId,
    systemName: tokens.system_name ?? before.systemName,
    organizationName: tokens.organization_name ?? before.organizationName,
    gatewayId: tokens.gateway_id ?? before.gatewayId,
    accessToken: tokens.access_token,
    accessTokenExpiresAt: now + tokens.expires_in * second,
    refreshToken: tokens.refresh_token ?? before.refreshToken,
    renewedAt: now,
    renewAt: renewalMoment(now, random),
  };
}

const stateOf: Record<RefusalReason, EndedCredentials['state']> = {
  expired: 'expired',
  reused: 'revoked',
  revoked: 'revoked',
  system_deleted: 'deleted',
  gateway_removed: 'deleted',
};

/** What is left of credentials after the service refused them for good. */
export function endedBy(
  { reason, words }: Refusal,
  before: Identity & { readonly refreshToken?: string | undefined },
  now: number,
): EndedCredentials {
  const { service, systemId, systemName, organizationName, gatewayId, refreshToken } = before;
  const state = stateOf[reason];
  return {
    state,
    ...{ service, systemId, systemName, organizationName, gatewayId },
    reason,
    since: now,
    ...(words !== undefined && { words }),
    ...(state !== 'deleted' && refreshToken !== undefined && { refreshToken }),
  };
}
