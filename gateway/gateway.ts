import type { LookupFunction } from 'node:net';
import type { Clock, Random } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { createAccess } from './access.ts';
import { createHilltopAdapter } from './adapters/hilltop-adapter.ts';
import { noUsersAdapter } from './adapters/no-users-adapter.ts';
import type { OnPremAdapter } from './adapters/on-prem-adapter.ts';
import { createRabbitmqAdapter } from './adapters/rabbitmq-adapter.ts';
import type { ApprovalParts } from './approval.ts';
import { readAuthority } from './authority-file.ts';
import type { GatewayConfiguration } from './configuration.ts';
import { GatewayError } from './gateway-error.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';
import { createOAuthClient } from './oauth-client.ts';
import { oauthMetadata } from './oauth-metadata.ts';
import type { OutwardSettings } from './outward-agents.ts';
import { proxyRules, type ProxyEnvironment } from './proxy-rules.ts';
import { createRenewalAttempts } from './renewal-attempts.ts';
import type { RenewalParts } from './renewal.ts';
import { createServiceTime } from './service-time.ts';
import { createServiceClient } from './service-client.ts';
import { createSeal } from './shares/seal.ts';
import { activeRecord, changeShare, offeredChange, type ShareContent } from './shares/share-changing.ts';
import { endAllShares, endShare } from './shares/share-ending.ts';
import { makeShare, type ShareWish } from './shares/share-making.ts';
import type { ShareParts } from './shares/share-parts.ts';
import { reconcileShares } from './shares/share-reconciling.ts';
import { shareRecordFiles } from './shares/share-records.ts';
import { credentialsFile } from './state/credentials-store.ts';
import { folderLocks } from './state/folder-lock.ts';
import { readPolicy } from './state/policy-file.ts';
import { pendingApprovalFile } from './state/pending-approval.ts';
import { systemTimer, type Timer } from './timer.ts';

export interface GatewaySurroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly proxyEnv: ProxyEnvironment;
  /** How names are looked up; as the system does, unless told. */
  readonly lookup?: LookupFunction;
  /** Name and version of this program. */
  readonly application: string;
}

/** The composition root of the gateway: what its commands and its daemon work with. */
export async function composeGateway(configuration: GatewayConfiguration, surroundings: GatewaySurroundings) {
  const { clock, random, log, proxyEnv, lookup, application } = surroundings;
  const ca = configuration.caFile === undefined ? undefined : await readAuthority(configuration.caFile);
  const closing = new AbortController();
  const timer: Timer = {
    sleep: (milliseconds, signal) =>
      systemTimer.sleep(milliseconds, signal ? AbortSignal.any([closing.signal, signal]) : closing.signal),
  };
  const outward: OutwardSettings = {
    proxy: proxyRules(proxyEnv, configuration.proxy),
    ...(lookup && { lookup }),
    ...(ca !== undefined && { ca }),
  };
  const time = createServiceTime(clock, configuration.service, log);
  const http = time.measuring(createHttpClient(outward));
  const locks = folderLocks(configuration.stateDir, timer);
  const store = credentialsFile(configuration.stateDir, locks);
  const pending = pendingApprovalFile(configuration.stateDir);
  const oauth = createOAuthClient(oauthMetadata(configuration.service, http, clock), http);
  const renewal: RenewalParts = {
    store,
    oauth,
    attempts: createRenewalAttempts(random),
    clock,
    random,
  };
  const access = createAccess(configuration.service.origin, renewal);
  const service = createServiceClient({ service: configuration.service, http, access, timer, random });
  // The on-prem application is on this side of every proxy.
  const inside = createHttpClient(ca === undefined ? {} : { ca });
  const adapter = adapterOf(configuration.adapter, inside);
  const records = shareRecordFiles(configuration.stateDir);
  const seal = createSeal(configuration.stateDir, random);
  const approval: ApprovalParts = {
    service: configuration.service.origin,
    oauth,
    store,
    pending,
    clock,
    timer,
    random,
    gatewayName: configuration.name,
    application,
  };
  const shareParts: ShareParts = {
    records,
    locks,
    service,
    credentials: store,
    adapter,
    policy: (systemId) => readPolicy(configuration.stateDir, systemId),
    seal,
    clock,
    random,
    log,
    acceptPortalAdmissions: configuration.acceptPortalAdmissions,
  };
  return {
    configuration,
    clock,
    time,
    random,
    log,
    timer,
    ca,
    outward,
    http,
    locks,
    store,
    pending,
    oauth,
    renewal,
    service,
    adapter,
    records,
    seal,
    approval,
    shares: {
      create: (wish: ShareWish) => makeShare(shareParts, wish),
      end: (id: string) => endShare(shareParts, id),
      endAllLocally: () => endAllShares(shareParts),
      record: (id: string) => activeRecord(shareParts, id),
      change: (id: string, content: ShareContent) => changeShare(shareParts, id, content),
      offered: async (id: string) => offeredChange(shareParts, await activeRecord(shareParts, id)),
      reconcile: () => reconcileShares(shareParts),
    },
    /** Gives up what is under way, waiting included; what is on disk stays whole. */
    close() {
      closing.abort(new GatewayError('cancelled', 'This gateway is closing.'));
      http.close();
      inside.close();
    },
  };
}

function adapterOf(settings: GatewayConfiguration['adapter'], inside: HttpClient): OnPremAdapter {
  switch (settings.kind) {
    case 'hilltop':
      return createHilltopAdapter(settings, inside);
    case 'rabbitmq':
      return createRabbitmqAdapter(settings, inside);
    case 'none':
      return noUsersAdapter;
  }
}

export type Gateway = Awaited<ReturnType<typeof composeGateway>>;
