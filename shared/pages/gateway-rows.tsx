import type { Instant } from '../clock.ts';
import { Badge } from './badge.tsx';
import { UtcTime } from './utc-time.tsx';

export interface GatewayView {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Instant;
  readonly lastSeenAt?: Instant | undefined;
  readonly lastRenewedAt?: Instant | undefined;
  readonly state: 'active' | 'revoked' | 'disconnected' | 'removed';
  /** Network address. */
  readonly seenFrom?: string | undefined;
  /** Where to remove it, for those who may. */
  readonly removeUrl?: string | undefined;
  /** Why, in words. */
  readonly stateReason?: string | undefined;
}

export const GatewayRows = ({ gateways }: { gateways: readonly GatewayView[] }) =>
  gateways.length === 0 ? (
    <p class="empty">No gateway.</p>
  ) : (
    <ul class="rows">
      {gateways.map((gateway) => (
        <li class="row">
          <div class="row-main">
            <p class="row-name">{gateway.name}</p>
            <p class="meta">
              {gateway.lastSeenAt !== undefined && (
                <span>
                  Last seen <UtcTime at={gateway.lastSeenAt} />
                  {gateway.seenFrom !== undefined && ` from ${gateway.seenFrom}`}
                </span>
              )}
              {gateway.lastRenewedAt !== undefined && (
                <span>
                  Credentials renewed <UtcTime at={gateway.lastRenewedAt} />
                </span>
              )}
              <span>
                Connected <UtcTime at={gateway.createdAt} />
              </span>
            </p>
            {gateway.stateReason !== undefined && <p class="small">{gateway.stateReason}</p>}
          </div>
          <div class="aside">
            <GatewayState state={gateway.state} />
            {gateway.removeUrl !== undefined && (
              <a href={gateway.removeUrl} aria-label={`Remove gateway ${gateway.name}`}>
                Remove
              </a>
            )}
          </div>
        </li>
      ))}
    </ul>
  );

function GatewayState({ state }: { state: GatewayView['state'] }) {
  switch (state) {
    case 'active':
      return <Badge tone="good">Credentials valid</Badge>;
    case 'revoked':
      return <Badge tone="bad">Revoked</Badge>;
    case 'removed':
      return <Badge tone="plain">Removed</Badge>;
    case 'disconnected':
      return <Badge tone="plain">Disconnected</Badge>;
  }
}
