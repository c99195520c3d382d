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
          <GatewayState state={gateway.state} />
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
