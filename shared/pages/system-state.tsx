import type { Instant } from '../clock.ts';
import { Badge } from './badge.tsx';
import { portalPaths } from './portal-paths.ts';
import { UtcTime } from './utc-time.tsx';

/**
 * `connected`: reachable now; `system-unreachable`: a gateway holds a tunnel, but does not reach the application;
 * `no-tunnel`: it belongs here, but no gateway holds a tunnel; `disconnected`: it was taken away; `unknown`: we could
 * not ask.
 */
export type SystemState = 'connected' | 'system-unreachable' | 'no-tunnel' | 'disconnected' | 'unknown';

export interface SystemSummary {
  readonly id: string;
  readonly name: string;
  readonly state: SystemState;
  readonly lastSeenAt?: Instant | undefined;
  readonly shareCount: number;
}

export function SystemStateBadge({ state }: { state: SystemState }) {
  switch (state) {
    case 'connected':
      return <Badge tone="good">Connected</Badge>;
    case 'no-tunnel':
      return <Badge tone="warn">No tunnel</Badge>;
    case 'system-unreachable':
      return <Badge tone="warn">System unreachable</Badge>;
    case 'disconnected':
      return <Badge tone="plain">Disconnected</Badge>;
    case 'unknown':
      return <Badge tone="plain">State unknown</Badge>;
  }
}

export const SystemRows = ({ systems }: { systems: readonly SystemSummary[] }) => (
  <ul class="rows">
    {systems.map((system) => (
      <li class="row">
        <div class="row-main">
          <a class="row-name" href={portalPaths.system(system.id)}>
            {system.name}
          </a>
          <p class="meta">
            <span>{shareCountText(system.shareCount)}</span>
            {system.state !== 'connected' && system.lastSeenAt !== undefined && (
              <span>
                Last seen <UtcTime at={system.lastSeenAt} />
              </span>
            )}
          </p>
        </div>
        <SystemStateBadge state={system.state} />
      </li>
    ))}
  </ul>
);

const shareCountText = (count: number): string =>
  count === 0 ? 'Nothing shared' : count === 1 ? '1 dashboard shared' : `${count} dashboards shared`;
