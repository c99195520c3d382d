import { second, type Clock } from '../clock.ts';
import type { SystemId } from '../identifier.ts';
import { TunnelError, type RelaySender } from './relay-sender.ts';

/**
 * `system-unreachable`: a gateway holds a tunnel, and cannot reach the application behind it; `unknown`: the relay did
 * not say.
 */
export type TunnelPresence = 'connected' | 'system-unreachable' | 'no-tunnel' | 'unknown';

const kept = 5 * second;
const patience = 2 * second;

/** Can dashboards of this system be opened just now? Asked through the relay itself, at most every 5 seconds. */
export function createTunnelPresence({ sender, clock }: { sender: RelaySender; clock: Clock }) {
  const known = new Map<SystemId, { at: number; presence: Promise<TunnelPresence> }>();

  async function ask(systemId: SystemId): Promise<TunnelPresence> {
    try {
      const signal = AbortSignal.timeout(patience);
      // No share has this id, so the gateway answers by itself and asks nothing of the on-prem side.
      const answer = await sender.send({
        connection: systemId,
        target: '/presence/',
        method: 'GET',
        headers: {},
        signal,
      });
      answer.body.destroy();
      return answer.headers['drawbridge-application'] === 'unreachable' ? 'system-unreachable' : 'connected';
    } catch (error) {
      return error instanceof TunnelError && error.code === 'no-listener' ? 'no-tunnel' : 'unknown';
    }
  }

  return (systemId: SystemId): Promise<TunnelPresence> => {
    const now = clock.now();
    const recent = known.get(systemId);
    if (recent && now - recent.at < kept) return recent.presence;
    if (known.size > 10_000) known.clear();
    const presence = ask(systemId);
    known.set(systemId, { at: now, presence });
    return presence;
  };
}
