import { watch } from 'node:fs';
import { join } from 'node:path';
import { day, hour, minute, second } from '../shared/clock.ts';
import { awaitApproval, beginApproval } from './approval.ts';
import { backoff } from './backoff.ts';
import { startConsoleApi, type ConsoleActions } from './console/console-api.ts';
import { consoleAddressFile, consoleKey } from './console/console-key.ts';
import { disconnect } from './disconnect.ts';
import { createForwarder } from './forward/forwarder.ts';
import { createUpstream } from './forward/upstream.ts';
import { createWatchers } from './forward/watchers.ts';
import { GatewayError, wordsOf } from './gateway-error.ts';
import { readGatewayStatus, type TunnelView } from './gateway-status.ts';
import type { Gateway } from './gateway.ts';
import { outwardAgents, trusting } from './http-client.ts';
import { isRenewalDue, renewCredentials } from './renewal.ts';
import { isLoopbackHost } from './service-origin.ts';
import { allowlistFrom } from './shares/dashboard-calls.ts';
import { makePrivateFolder, removeFile, removeTemporaryFiles, writeAtomically } from './state/atomic-file.ts';
import type { Credentials } from './state/credentials.ts';
import { createTunnelListener, type TunnelListener } from './tunnel/listener.ts';

/** The state folder is looked at this often, besides being watched: some file systems tell of no change. */
const lookEvery = second;
const reconcileEvery = 3 * minute;

/**
 * The daemon: holds the tunnels while connected, renews, keeps shares in step, and serves the local API.
 * Whatever the command line changes in the state folder is noticed within about a second.
 * @returns once `signal` aborts and everything is closed
 */
export async function run(
  gateway: Gateway,
  proxyEnv: Record<string, string | undefined>,
  onReady: (console: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { configuration, clock, random, log, locks, store, service, shares } = gateway;
  const held = await locks.tryHold('run');
  if (!held) throw new GatewayError('busy', 'This gateway runs already, with the same state folder.');
  await makePrivateFolder(configuration.stateDir);
  for (const folder of [configuration.stateDir, join(configuration.stateDir, 'shares')])
    await removeTemporaryFiles(folder, clock.now() - 10 * minute);

  const watchers = createWatchers(clock);
  const upstream = createUpstream(configuration.upstream, gateway.ca);
  const forward = createForwarder({
    records: gateway.records,
    adapter: gateway.adapter,
    seal: gateway.seal,
    upstream,
    upstreamAddress: configuration.upstream,
    watchers,
    clock,
    log,
  });
  const agents = outwardAgents({ proxyEnv, ...(gateway.ca !== undefined && { ca: gateway.ca }) });
  const proxied =
    !isLoopbackHost(configuration.service.hostname) &&
    Object.entries(proxyEnv).some(([name, value]) => /^https?_proxy$/i.test(name) && value);
  let tunnels: TunnelListener[] = [];
  let tunnelOf: string | undefined;

  function openTunnels(systemId: string): void {
    if (signal.aborted) return;
    tunnelOf = systemId;
    tunnels = Array.from({ length: configuration.listeners }, () =>
      createTunnelListener({
        connect: async () => {
          const { endpoint, path, token, expiresAt } = await service.listener();
          return { endpoint, path, token, expiresAt: Date.parse(expiresAt) };
        },
        handle: forward,
        clock,
        random,
        log,
        ...(proxied && { agent: configuration.service.protocol === 'https:' ? agents.https : agents.http }),
        ...trusting(gateway.ca),
      }),
    );
  }

  async function closeTunnels(): Promise<void> {
    const closing = tunnels;
    tunnels = [];
    tunnelOf = undefined;
    await Promise.all(closing.map((tunnel) => tunnel.close()));
  }

  /** The best of the tunnels: one connected listener is enough. */
  function tunnelView(): TunnelView | undefined {
    const states = tunnels.map((tunnel) => tunnel.state());
    const best = states.find(({ kind }) => kind === 'connected') ?? states[0];
    if (!best) return undefined;
    const { kind, since, lastError } = best;
    return { kind, since: new Date(since).toISOString(), ...(lastError !== undefined && { lastError }) };
  }

  let waiting: Promise<void> | undefined;
  /** Who was denied does not ask again by itself for a day. */
  let silentUntil = 0;
  /** Waits for approval in the background, unless this or another process does already. */
  async function beginWaiting(): Promise<void> {
    if (waiting) return;
    const lock = await locks.tryHold('approval');
    if (!lock) return;
    try {
      const pending = await beginApproval(gateway.approval);
      waiting = awaitApproval(gateway.approval, pending, { signal })
        .then(({ kind }) => {
          log.info('approval', { outcome: kind });
          if (kind === 'denied') silentUntil = clock.now() + day;
        })
        .catch((error: unknown) => {
          if (!signal.aborted) log.warn('approval failed', { why: wordsOf(error) });
        })
        .finally(() => {
          lock.release();
          waiting = undefined;
        });
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  const actions: ConsoleActions = {
    status: () => readGatewayStatus(gateway, { tunnel: tunnelView(), watchers: watchers.current() }),
    async connect() {
      const credentials = await store.read();
      if (credentials?.state === 'connected') {
        throw new GatewayError(
          'already-connected',
          'This gateway is connected already. Disconnect it first.',
        );
      }
      await beginWaiting();
      return actions.status();
    },
    async disconnect() {
      await disconnect(gateway);
      await shares.endAllLocally();
    },
    shares: async () =>
      (await service.shares()).filter(({ status }) => status !== 'ended' && status !== 'expired'),
    async share({ calls, har, allowlist, sharedBy, ...wish }) {
      const source =
        allowlist !== undefined
          ? ({ kind: 'allowlist', allowlist } as const)
          : har !== undefined
            ? ({ kind: 'har', recordings: [har] } as const)
            : ({ kind: 'calls', calls } as const);
      const inferred = allowlistFrom(source, configuration.upstream, wish.dashboard.entryPath);
      return shares.create({ ...wish, allowlist: inferred.allowlist, sharedBy: sharedBy.name });
    },
    unshare: (id) => shares.end(id),
  };

  const key = await consoleKey(configuration.stateDir, random);
  const local = await startConsoleApi({ actions, key, log, ...configuration.console });
  await writeAtomically(consoleAddressFile(configuration.stateDir), JSON.stringify({ origin: local.origin }));

  let reconcileAt = 0;
  let renewalFailures = 0;
  let renewNotBefore = 0;

  async function renewIfDue(credentials: Credentials): Promise<void> {
    const now = clock.now();
    if (credentials.state !== 'connected' || !isRenewalDue(credentials, now)) return;
    if (isAhead(renewNotBefore, now, hour + minute)) return;
    try {
      const after = await renewCredentials(gateway.renewal, (current) => isRenewalDue(current, clock.now()));
      renewalFailures = 0;
      if (after?.state === 'connected') log.info('credentials renewed');
      else log.warn('credentials refused', { state: after?.state });
    } catch (error) {
      renewalFailures++;
      renewNotBefore = now + minute + backoff(renewalFailures, minute, hour, random);
      if (renewalFailures === 1) log.warn('renewal failed; it is tried again', { why: wordsOf(error) });
    }
  }

  /** One look at the state folder: what somebody else changed there counts at once. */
  async function look(): Promise<void> {
    const credentials = await store.read();
    const systemId = credentials?.state === 'connected' ? credentials.systemId : undefined;
    if (systemId === tunnelOf) return;
    reconcileAt = 0;
    await closeTunnels();
    if (systemId !== undefined) openTunnels(systemId);
  }

  let attending: Promise<void> | undefined;
  /** What may take minutes while the service or the application does not answer; looking goes on meanwhile. */
  function attendInBackground(): void {
    attending ??= attend()
      .then((everything) => {
        if (everything) lastFailure = '';
      }, sayOnce)
      .finally(() => {
        attending = undefined;
      });
  }

  /** @returns whether everything was looked after, and not only what is due more often */
  async function attend(): Promise<boolean> {
    const credentials = await store.read();
    const systemId = credentials?.state === 'connected' ? credentials.systemId : undefined;
    // Somebody asked to connect, and the program that waited for the answer ended.
    if (systemId === undefined && credentials?.state !== 'disconnecting' && (await isAskedFor())) {
      await beginWaiting();
    }
    if (credentials) await renewIfDue(credentials);
    const now = clock.now();
    if (isAhead(reconcileAt, now, reconcileEvery)) return false;
    reconcileAt = now + reconcileEvery;
    if (credentials?.state === 'disconnecting') {
      await actions.disconnect();
      return true;
    }
    // Nobody travels: a gateway that was shut out asks again by itself, and shows its code here.
    const shutOut = credentials?.state === 'expired' || credentials?.state === 'revoked';
    if (shutOut && !isAhead(silentUntil, now, day)) await beginWaiting();
    await shares.reconcile();
    return true;
  }

  async function isAskedFor(): Promise<boolean> {
    const pending = await gateway.pending.read();
    return pending?.service === configuration.service.origin && pending.expiresAt > clock.now();
  }

  let lastFailure = '';
  /** The same failure is said once, not at every look. */
  function sayOnce(error: unknown): void {
    const why = wordsOf(error);
    if (why !== lastFailure && !signal.aborted) log.warn('not everything could be done', { why });
    lastFailure = why;
  }

  let wake: (pause: number) => void = () => {};
  // Several changes come together; one look, a moment later, serves them all.
  const watcher = watch(configuration.stateDir, () => wake(50));
  watcher.on('error', () => {});
  signal.addEventListener('abort', () => wake(0), { once: true });
  onReady(local.origin);
  try {
    while (!signal.aborted) {
      await look().then(attendInBackground).catch(sayOnce);
      await new Promise<void>((resolve) => {
        if (signal.aborted) return resolve();
        const timer = setTimeout(resolve, lookEvery);
        wake = (pause) => {
          clearTimeout(timer);
          setTimeout(resolve, pause);
        };
      });
    }
  } finally {
    watcher.close();
    await removeFile(consoleAddressFile(configuration.stateDir));
    await local.close();
    await closeTunnels();
    await waiting;
    upstream.close();
    for (const agent of Object.values(agents)) agent.destroy();
    held.release();
  }
}

/** Whether a moment is still to come; one further away than was ever planned shows a clock that was set back. */
const isAhead = (moment: number, now: number, farthest: number): boolean =>
  now < moment && moment - now <= farthest;
