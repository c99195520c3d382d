import { watch } from 'node:fs';
import { join } from 'node:path';
import { day, minute, second } from '../shared/clock.ts';
import { createApprovalWaiting } from './approval-waiting.ts';
import { startConsoleApi, type ConsoleActions } from './console/console-api.ts';
import { createConsolePages } from './console/console-pages.ts';
import { createConsoleSessions } from './console/console-sessions.ts';
import { consoleAddressFile, consoleKey } from './console/console-key.ts';
import { callSourceOf, reviewShare } from './console/review-share.ts';
import { disconnect } from './disconnect.ts';
import { createApplicationReach } from './forward/application-reach.ts';
import { createDrain } from './forward/drain.ts';
import { createForwarder } from './forward/forwarder.ts';
import { createUpstream } from './forward/upstream.ts';
import { createWatchers } from './forward/watchers.ts';
import { GatewayError, wordsOf } from './gateway-error.ts';
import { readGatewayStatus, type Reach } from './gateway-status.ts';
import type { Gateway } from './gateway.ts';
import { createRenewalSchedule } from './renewal-schedule.ts';
import { allowlistFrom } from './shares/dashboard-calls.ts';
import { makePrivateFolder, removeFile, removeTemporaryFiles, writeAtomically } from './state/atomic-file.ts';
import { holdRun } from './state/run-lock.ts';
import { readLastSeen, writeLastSeen } from './state/last-seen.ts';
import { writePolicy } from './state/policy-file.ts';
import { outwardAgents } from './outward-agents.ts';
import { createWakeUpChannel, type WakeUpChannel } from './wake-up/wake-up-channel.ts';
import { createTunnelSet } from './tunnel-set.ts';

/** The state folder is looked at this often, besides being watched: some file systems tell of no change. */
const lookEvery = second;
const reconcileEvery = 3 * minute;
/** Shares that it does not know make a gateway ask at once, but not more often than this. */
const unknownPause = 10 * second;
/** Requests under way get this long to end when the program stops; process managers kill after ten seconds. */
const drainWithin = 8 * second;

/**
 * The daemon: holds the tunnels while connected, renews, keeps shares in step, and serves the local API.
 * Whatever the command line changes in the state folder is noticed within about a second.
 * @returns once `signal` aborts and everything is closed
 */
export async function run(
  gateway: Gateway,
  onReady: (console: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { configuration, clock, random, log, store, service, shares } = gateway;
  const held = await holdRun(gateway.locks, gateway.timer);
  await makePrivateFolder(configuration.stateDir);
  for (const folder of [configuration.stateDir, join(configuration.stateDir, 'shares')])
    await removeTemporaryFiles(folder, clock.now() - 10 * minute);

  let reconcileAt = 0;
  let reconciledAt = 0;
  /** Shares of the system that this gateway cannot serve. */
  let unserved: readonly string[] = [];

  const watchers = createWatchers(clock);
  const upstream = createUpstream(configuration.upstream, gateway.ca);
  const applicationReached = createApplicationReach(configuration.upstream, clock);
  const forward = createForwarder({
    records: gateway.records,
    adapter: gateway.adapter,
    seal: gateway.seal,
    upstream,
    upstreamAddress: configuration.upstream,
    applicationReached,
    watchers,
    clock: gateway.time,
    log,
    onUnknownShare: () => void (reconcileAt = Math.min(reconcileAt, reconciledAt + unknownPause)),
  });
  const drain = createDrain(forward);
  const tunnels = createTunnelSet(gateway, drain.forward);
  const approval = createApprovalWaiting(gateway, signal);

  async function reach(): Promise<Reach> {
    const seen = tunnels.lastSeen();
    const lastSeenAt =
      seen === undefined ? await readLastSeen(configuration.stateDir) : new Date(seen).toISOString();
    const stands = tunnels.view()?.kind === 'connected';
    const state = !stands ? 'no-tunnel' : (await applicationReached()) ? 'connected' : 'system-unreachable';
    return { state, ...(lastSeenAt !== undefined && { lastSeenAt }) };
  }

  async function keepLastSeen(): Promise<void> {
    const seen = tunnels.lastSeen();
    if (seen !== undefined) await writeLastSeen(configuration.stateDir, new Date(seen).toISOString());
  }

  const sessions = createConsoleSessions(clock, random);
  const actions: ConsoleActions = {
    status: async () =>
      readGatewayStatus(gateway, {
        tunnel: tunnels.view(),
        reach: await reach(),
        watchers: watchers.current(),
        unserved,
        clockProblem: gateway.time.problem(),
      }),
    async connect() {
      const credentials = await store.read();
      if (credentials?.state === 'connected') {
        throw new GatewayError(
          'already-connected',
          'This gateway is connected already. Disconnect it first.',
        );
      }
      await approval.begin();
      return actions.status();
    },
    async disconnect() {
      await disconnect(gateway);
      await shares.endAllLocally();
    },
    shares: async () =>
      (await service.shares()).filter(({ status }) => status !== 'ended' && status !== 'expired'),
    async share({ calls, har, allowlist, sharedBy, ...wish }) {
      const source = callSourceOf({ calls, har, allowlist });
      const inferred = allowlistFrom(source, configuration.upstream, wish.dashboard.entryPath);
      return shares.create({ ...wish, allowlist: inferred.allowlist, sharedBy: sharedBy.name });
    },
    unshare: (id) => shares.end(id),
    review: (id, review) => reviewShare(gateway, id, review),
    consoleLink: () => `/sign-in?code=${sessions.makeLink()}`,
  };
  const pages = createConsolePages({
    actions,
    sessions,
    verifyAdministrator: gateway.adapter.verifyAdministrator,
    titles: async () =>
      new Map((await gateway.records.list()).map(({ id, dashboard }) => [id, dashboard.title])),
    random,
    log,
  });

  const key = await consoleKey(configuration.stateDir, random);
  const local = await startConsoleApi({ actions, pages, key, log, ...configuration.console });
  await writeAtomically(consoleAddressFile(configuration.stateDir), JSON.stringify({ origin: local.origin }));

  const renewals = createRenewalSchedule(gateway.renewal, log);

  /** One look at the state folder: what somebody else changed there counts at once. */
  async function look(): Promise<void> {
    const credentials = await store.read();
    const systemId = credentials?.state === 'connected' ? credentials.systemId : undefined;
    if (systemId === tunnels.systemId()) return;
    reconcileAt = 0;
    await wakeUps?.close();
    wakeUps = systemId === undefined ? undefined : openWakeUps();
    await tunnels.move(systemId);
  }

  const outward = outwardAgents(gateway.outward);
  let wakeUps: WakeUpChannel | undefined;
  const openWakeUps = () =>
    createWakeUpChannel({
      connection: (within) => service.wakeUp(within),
      onWake() {
        reconcileAt = 0;
        wake(0);
      },
      agents: outward,
      clock,
      random,
      timer: gateway.timer,
      log,
    });

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
      await approval.begin();
    }
    if (credentials) await renewals.attend(credentials);
    const now = clock.now();
    if (isAhead(reconcileAt, now, reconcileEvery)) return false;
    reconcileAt = now + reconcileEvery;
    reconciledAt = now;
    await keepLastSeen();
    if (credentials?.state === 'disconnecting') {
      await disconnect(gateway);
      await shares.endAllLocally();
      return true;
    }
    // Nobody travels: a gateway that was shut out asks again by itself, and shows its code here.
    const shutOut = credentials?.state === 'expired' || credentials?.state === 'revoked';
    if (shutOut && !isAhead(approval.silentUntil(), now, day)) await approval.begin();
    unserved = await shares.reconcile();
    if (credentials?.state === 'connected') {
      const { id, policy = {} } = await service.system();
      await writePolicy(configuration.stateDir, id, policy);
    }
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
    await keepLastSeen().catch(sayOnce);
    drain.begin();
    await tunnels.settle(drainWithin);
    await wakeUps?.close();
    outward.http.destroy();
    outward.https.destroy();
    await tunnels.close();
    await approval.ended();
    upstream.close();
    held.release();
  }
}

/** Whether a moment is still to come; one further away than was ever planned shows a clock that was set back. */
const isAhead = (moment: number, now: number, farthest: number): boolean =>
  now < moment && moment - now <= farthest;
