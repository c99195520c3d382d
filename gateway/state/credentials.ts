import { z } from 'zod';

/** Who this gateway is to the service. */
const identity = z.object({
  /** Origin of the service that issued the credentials; they are sent nowhere else. */
  service: z.string(),
  systemId: z.string(),
  systemName: z.string(),
  organizationName: z.string(),
  gatewayId: z.string(),
  /** When this gateway was connected, milliseconds since 1970; older files lack it. */
  connectedAt: z.number().int().optional(),
});

const moment = z.number().int();

const usable = identity.extend({
  accessToken: z.string().min(1),
  /** Milliseconds since 1970 by this machine's clock. */
  accessTokenExpiresAt: moment,
  refreshToken: z.string().min(1),
  renewedAt: moment,
  renewAt: moment,
  /** Hashes of the latest attempts to renew, newest first; the nonces themselves are nowhere on disk. */
  attempts: z.array(z.string()).optional(),
});

const connected = usable.extend({ state: z.literal('connected') });

/** The service no longer accepts this gateway; `reason` is its error_code. */
const ended = identity.extend({
  state: z.enum(['expired', 'revoked', 'deleted']),
  reason: z.enum(['expired', 'reused', 'revoked', 'system_deleted', 'gateway_removed']),
  since: moment,
  /** What the service said of it, such as who did it and when. */
  words: z.string().optional(),
  /** The last one held. It renews nothing any more, but proves which gateway asks to be approved again. */
  refreshToken: z.string().optional(),
});

/** Disconnected here; the service has not heard of it yet. */
const disconnecting = usable.extend({
  state: z.literal('disconnecting'),
  since: moment,
  /** Absent when the whole system is disconnected. */
  only: z.literal('gateway').optional(),
});

/** What credentials.json holds. */
export const credentialsSchema = z.discriminatedUnion('state', [connected, ended, disconnecting]);

export type Identity = z.infer<typeof identity>;
export type Credentials = z.infer<typeof credentialsSchema>;
export type ConnectedCredentials = z.infer<typeof connected>;
export type EndedCredentials = z.infer<typeof ended>;
export type DisconnectingCredentials = z.infer<typeof disconnecting>;
/** Credentials that can still be used and renewed. */
export type UsableCredentials = ConnectedCredentials | DisconnectingCredentials;

export function areUsable(credentials: Credentials | undefined): credentials is UsableCredentials {
  return credentials?.state === 'connected' || credentials?.state === 'disconnecting';
}
