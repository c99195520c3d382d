import { GatewayError } from './gateway-error.ts';
import { setTimeout as pause } from 'node:timers/promises';
import type { TunnelView } from './gateway-status.ts';
import type { Gateway } from './gateway.ts';
import { outwardAgents } from './outward-agents.ts';
import { insecureAddress } from './service-origin.ts';
import { createTunnelListener, type TunnelListener, type TunnelListenerOptions } from './tunnel/listener.ts';

/** The tunnels of the system that is connected just now. */
export interface TunnelSet {
  /** Whose tunnels they are; undefined while there are none. */
  systemId(): string | undefined;
  /** Closes what there is, and opens the tunnels of this system, if one is named. */
  move(systemId: string | undefined): Promise<void>;
  /** The best of the tunnels: one connected listener is enough. */
  view(): TunnelView | undefined;
  /** Waits until no request is under way, so many milliseconds at most. */
  settle(within: number): Promise<void>;
  /** When one of them stood last, milliseconds since 1970. */
  lastSeen(): number | undefined;
  /** For good. */
  close(): Promise<void>;
}

export function createTunnelSet(
  { configuration, service, clock, random, log, outward }: Gateway,
  handle: TunnelListenerOptions['handle'],
): TunnelSet {
  // Of their own, so that TLS sessions are resumed; the pools of other calls must not share these connections.
  const agents = outwardAgents(outward);
  let tunnels: TunnelListener[] = [];
  let owner: string | undefined;
  let closed = false;
  let seenAt: number | undefined;

  const open = () =>
    createTunnelListener({
      connect: async (signal) => {
        const { endpoint, path, token, lifetime } = await service.listener(signal);
        const insecure = insecureAddress(new URL(endpoint));
        if (insecure !== undefined) throw new GatewayError('protocol', `the relay's address: ${insecure}`);
        return { endpoint, path, token, expiresAt: clock.now() + lifetime };
      },
      handle,
      clock,
      random,
      log,
      agents,
    });

  const isConnected = () => tunnels.some((tunnel) => tunnel.state().kind === 'connected');

  async function move(systemId: string | undefined): Promise<void> {
    const closing = tunnels;
    tunnels = [];
    owner = undefined;
    await Promise.all(closing.map((tunnel) => tunnel.close()));
    if (systemId === undefined || closed) return;
    owner = systemId;
    tunnels = Array.from({ length: configuration.listeners }, open);
  }

  return {
    systemId: () => owner,
    move,
    view() {
      const states = tunnels.map((tunnel) => tunnel.state());
      const best = states.find(({ kind }) => kind === 'connected') ?? states[0];
      if (!best) return undefined;
      const { kind, since, lastError } = best;
      return { kind, since: new Date(since).toISOString(), ...(lastError !== undefined && { lastError }) };
    },
    lastSeen() {
      if (isConnected()) seenAt = clock.now();
      return seenAt;
    },
    async settle(within) {
      for (let waited = 0; waited < within && tunnels.some((tunnel) => tunnel.busy()); waited += 25) {
        await pause(25);
      }
    },
    async close() {
      closed = true;
      await move(undefined);
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
