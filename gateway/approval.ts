import { minute, second } from '../shared/clock.ts';
import type { Clock, Random } from '../shared/clock.ts';
import { advice } from './advice.ts';
import { GatewayError } from './gateway-error.ts';
import type { OAuthClient, PollOutcome, Tokens } from './oauth-client.ts';
import { endedBy, renewalMoment } from './renewal.ts';
import type { ConnectedCredentials } from './state/credentials.ts';
import type { CredentialsStore } from './state/credentials-store.ts';
import type { PendingApproval, PendingApprovalStore } from './state/pending-approval.ts';
import type { Timer } from './timer.ts';

export interface ApprovalParts {
  /** Origin of the service. */
  service: string;
  oauth: Pick<OAuthClient, 'startDeviceGrant' | 'pollDeviceGrant'>;
  store: CredentialsStore;
  pending: PendingApprovalStore;
  clock: Clock;
  timer: Timer;
  random: Random;
  /** How the approval page calls this gateway. */
  gatewayName: string;
  /** Name and version of this program. */
  application: string;
}

export type ApprovalOutcome =
  | { kind: 'connected'; credentials: ConnectedCredentials }
  | { kind: 'denied' }
  | { kind: 'expired' }
  /** Somebody on this side no longer wants it: `disconnect` removed the grant. */
  | { kind: 'withdrawn' };

/**
 * The grant that is waiting on disk, or a new one. Hold the `approval` lock.
 * @throws GatewayError when the service cannot be asked
 */
export async function beginApproval(parts: ApprovalParts): Promise<PendingApproval> {
  const waiting = await parts.pending.read();
  if (waiting?.service === parts.service && waiting.expiresAt > parts.clock.now()) return waiting;
  const before = await parts.store.read();
  const shutOut = before?.state === 'expired' || before?.state === 'revoked';
  const known = shutOut && before.service === parts.service ? before : undefined;
  const asked = await parts.oauth.startDeviceGrant({
    name: parts.gatewayName,
    application: parts.application,
    refreshToken: known?.refreshToken,
  });
  if (asked.kind === 'refused') {
    if (!known) throw new GatewayError('refused', asked.words ?? 'The service refuses the request.');
    const ended = endedBy(asked, known, parts.clock.now());
    await parts.store.exclusively(() => parts.store.write(ended));
    throw new GatewayError('not-connected', advice(ended));
  }
  const { grant } = asked;
  const pending: PendingApproval = {
    service: parts.service,
    deviceCode: grant.device_code,
    userCode: grant.user_code,
    verificationUri: grant.verification_uri,
    verificationUriComplete: grant.verification_uri_complete ?? grant.verification_uri,
    expiresAt: parts.clock.now() + grant.expires_in * second,
    interval: grant.interval,
  };
  await parts.pending.write(pending);
  return pending;
}

/**
 * Polls until somebody has decided or the code is over (RFC 8628 sections 3.4 and 3.5), then keeps the
 * credentials. Hold the `approval` lock.
 * @throws the signal's reason when it aborts; the grant stays on disk and can be taken up again
 */
export async function awaitApproval(
  parts: ApprovalParts,
  pending: PendingApproval,
  hooks: { onPoll?: () => void; signal?: AbortSignal } = {},
): Promise<ApprovalOutcome> {
  const { oauth, clock, timer } = parts;
  const pace = new PollPace(pending.interval);
  while (clock.now() < pending.expiresAt) {
    await timer.sleep(pace.wait(), hooks.signal);
    if ((await parts.pending.read())?.deviceCode !== pending.deviceCode) return { kind: 'withdrawn' };
    hooks.onPoll?.();
    let outcome: PollOutcome;
    try {
      outcome = await oauth.pollDeviceGrant(pending.deviceCode, hooks.signal);
    } catch (error) {
      hooks.signal?.throwIfAborted();
      if (!(error instanceof GatewayError) || error.code !== 'unreachable') {
        await parts.pending.remove();
        throw error;
      }
      pace.failed();
      continue;
    }
    switch (outcome.kind) {
      case 'approved': {
        const credentials = await keep(parts, outcome.tokens);
        await parts.pending.remove();
        return { kind: 'connected', credentials };
      }
      case 'access_denied':
        await parts.pending.remove();
        return { kind: 'denied' };
      case 'expired_token':
        await parts.pending.remove();
        return { kind: 'expired' };
      case 'slow_down':
        pace.slowDown();
        break;
      case 'authorization_pending':
        pace.answered();
        break;
    }
  }
  await parts.pending.remove();
  return { kind: 'expired' };
}

/** RFC 8628 section 3.5: the interval, five seconds more for good after each slow_down, back-off on faults. */
export class PollPace {
  #interval: number;
  #failures = 0;

  /** @param interval seconds */
  constructor(interval: number) {
    this.#interval = interval * second;
  }

  /** @returns milliseconds until the next poll: the interval, doubled after each fault in a row, up to a minute more */
  wait(): number {
    return Math.min(this.#interval * 2 ** Math.min(this.#failures, 30), this.#interval + minute);
  }

  answered(): void {
    this.#failures = 0;
  }

  slowDown(): void {
    this.#failures = 0;
    this.#interval += 5 * second;
  }

  failed(): void {
    this.#failures += 1;
  }
}

async function keep(parts: ApprovalParts, tokens: Tokens): Promise<ConnectedCredentials> {
  const now = parts.clock.now();
  const credentials: ConnectedCredentials = {
    state: 'connected',
    service: parts.service,
    systemId: tokens.system_id,
    systemName: tokens.system_name,
    organizationName: tokens.organization_name,
    gatewayId: tokens.gateway_id,
    connectedAt: now,
    accessToken: tokens.access_token,
    accessTokenExpiresAt: now + tokens.expires_in * second,
    refreshToken: tokens.refresh_token,
    renewedAt: now,
    renewAt: renewalMoment(now, parts.random),
  };
  await parts.store.exclusively(() => parts.store.write(credentials));
  return credentials;
}
