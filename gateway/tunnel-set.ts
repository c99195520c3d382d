import type { TunnelView } from './gateway-status.ts';
import type { Gateway } from './gateway.ts';
import { outwardAgents, trusting } from './http-client.ts';
import { isLoopbackHost } from './service-origin.ts';
import { createTunnelListener, type TunnelListener, type TunnelListenerOptions } from './tunnel/listener.ts';

/** The tunnels of the system that is connected just now. */
export interface TunnelSet {
  /** Whose tunnels they are; undefined while there are none. */
  systemId(): string | undefined;
  /** Closes what there is, and opens the tunnels of this system, if one is named. */
  move(systemId: string | undefined): Promise<void>;
  /** The best of the tunnels: one connected listener is enough. */
  view(): TunnelView | undefined;
  /** For good. */
  close(): Promise<void>;
}

export function createTunnelSet(
  { configuration, service, clock, random, log, ca }: Gateway,
  proxyEnv: Record<string, string | undefined>,
  handle: TunnelListenerOptions['handle'],
): TunnelSet {
  const agents = outwardAgents({ proxyEnv, ...(ca !== undefined && { ca }) });
  const proxied =
    !isLoopbackHost(configuration.service.hostname) &&
    Object.entries(proxyEnv).some(([name, value]) => /^https?_proxy$/i.test(name) && value);
  let tunnels: TunnelListener[] = [];
  let owner: string | undefined;
  let closed = false;

  const open = () =>
    createTunnelListener({
      connect: async () => {
        const { endpoint, path, token, expiresAt } = await service.listener();
        return { endpoint, path, token, expiresAt: Date.parse(expiresAt) };
      },
      handle,
      clock,
      random,
      log,
      ...(proxied && { agent: configuration.service.protocol === 'https:' ? agents.https : agents.http }),
      ...trusting(ca),
    });

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
    async close() {
      closed = true;
      await move(undefined);
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}
