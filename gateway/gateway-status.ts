import { advice } from './advice.ts';
import type { Gateway } from './gateway.ts';
import type { Watcher } from './forward/watchers.ts';

export interface TunnelView {
  readonly kind: 'connecting' | 'connected' | 'waiting' | 'stopped';
  /** RFC 3339. */
  readonly since: string;
  readonly lastError?: string;
}

/**
 * Can dashboards be opened just now? `system-unreachable`: the tunnel stands, but the application behind this gateway
 * cannot be reached; `unknown`: the gateway runs and does not say.
 */
export interface Reach {
  readonly state: 'connected' | 'system-unreachable' | 'no-tunnel' | 'unknown';
  /** When this gateway held a tunnel last, RFC 3339. */
  readonly lastSeenAt?: string;
}

export interface GatewayStatus {
  readonly state:
    'not-connected' | 'pending' | 'connected' | 'disconnecting' | 'expired' | 'revoked' | 'deleted';
  readonly service: string;
  readonly system?: { readonly id: string; readonly name: string };
  readonly organization?: { readonly name: string };
  /** When this gateway was connected, RFC 3339. */
  readonly connectedAt?: string;
  readonly tunnel?: TunnelView;
  readonly reach?: Reach;
  readonly pending?: {
    readonly verificationUri: string;
    readonly verificationUriComplete: string;
    readonly userCode: string;
    readonly expiresAt: string;
  };
  /** What is wrong and what to do, when something is. */
  readonly problem?: string;
  readonly watchers: readonly Watcher[];
}

const time = (milliseconds: number) => new Date(milliseconds).toISOString();

const unservedWords = ({ length }: readonly string[]): string | undefined =>
  length === 0
    ? undefined
    : `${length === 1 ? 'One share' : `${length} shares`} of this system cannot be served here, because another gateway made ${length === 1 ? 'it' : 'them'} under another seal.key. Copy seal.key from the state folder of that gateway into the one of this gateway.`;

/** What the state folder tells, with what only the running gateway knows. */
export async function readGatewayStatus(
  gateway: Pick<Gateway, 'store' | 'pending' | 'clock' | 'configuration'>,
  live: {
    tunnel?: TunnelView | undefined;
    reach?: Reach | undefined;
    watchers?: readonly Watcher[];
    unserved?: readonly string[];
    clockProblem?: string | undefined;
  } = {},
): Promise<GatewayStatus> {
  const [credentials, waiting] = await Promise.all([gateway.store.read(), gateway.pending.read()]);
  const pending = waiting && waiting.expiresAt > gateway.clock.now() ? waiting : undefined;
  const connected = credentials?.state === 'connected';
  const problems = [
    connected ? unservedWords(live.unserved ?? []) : credentials && advice(credentials),
    live.clockProblem,
  ].filter((each) => each !== undefined);
  return {
    state: connected ? 'connected' : pending ? 'pending' : (credentials?.state ?? 'not-connected'),
    service: gateway.configuration.service.origin,
    ...(credentials && {
      system: { id: credentials.systemId, name: credentials.systemName },
      organization: { name: credentials.organizationName },
    }),
    ...(connected && credentials.connectedAt !== undefined && { connectedAt: time(credentials.connectedAt) }),
    ...(live.tunnel && { tunnel: live.tunnel }),
    ...(connected && live.reach && { reach: live.reach }),
    ...(pending && {
      pending: {
        verificationUri: pending.verificationUri,
        verificationUriComplete: pending.verificationUriComplete,
        userCode: pending.userCode,
        expiresAt: time(pending.expiresAt),
      },
    }),
    ...(problems.length > 0 && { problem: problems.join(' ') }),
    watchers: live.watchers ?? [],
  };
}
