import { readFile } from 'node:fs/promises';
import type { Clock, Random } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { createAccess } from './access.ts';
import { createHilltopAdapter } from './adapters/hilltop-adapter.ts';
import { noUsersAdapter } from './adapters/no-users-adapter.ts';
import type { ApprovalParts } from './approval.ts';
import type { GatewayConfiguration } from './configuration.ts';
import { createHttpClient } from './http-client.ts';
import { createOAuthClient } from './oauth-client.ts';
import { oauthMetadata } from './oauth-metadata.ts';
import type { RenewalParts } from './renewal.ts';
import { createServiceClient } from './service-client.ts';
import { createSeal } from './shares/seal.ts';
import { createShareMaking } from './shares/share-making.ts';
import { shareRecordFiles } from './shares/share-records.ts';
import { credentialsFile } from './state/credentials-store.ts';
import { folderLocks } from './state/folder-lock.ts';
import { pendingApprovalFile } from './state/pending-approval.ts';
import { systemTimer } from './timer.ts';

export interface GatewaySurroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`. */
  readonly proxyEnv: Record<string, string | undefined>;
  /** Name and version of this program. */
  readonly application: string;
}

/** The composition root of the gateway: what its commands and its daemon work with. */
export async function composeGateway(configuration: GatewayConfiguration, surroundings: GatewaySurroundings) {
  const { clock, random, log, proxyEnv, application } = surroundings;
  const ca = configuration.caFile === undefined ? undefined : await readFile(configuration.caFile, 'utf8');
  const timer = systemTimer;
  const http = createHttpClient({ proxyEnv, ...(ca !== undefined && { ca }) });
  const locks = folderLocks(configuration.stateDir, timer);
  const store = credentialsFile(configuration.stateDir, locks);
  const pending = pendingApprovalFile(configuration.stateDir);
  const oauth = createOAuthClient(oauthMetadata(configuration.service, http, clock), http);
  const renewal: RenewalParts = { store, oauth, clock, random };
  const access = createAccess(configuration.service.origin, renewal);
  const service = createServiceClient({ service: configuration.service, http, access, timer, random });
  // The on-prem application is on this side of every proxy.
  const inside = createHttpClient(ca === undefined ? {} : { ca });
  const adapter =
    configuration.adapter.kind === 'hilltop'
      ? createHilltopAdapter(configuration.adapter, inside)
      : noUsersAdapter;
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
  return {
    configuration,
    clock,
    random,
    log,
    timer,
    ca,
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
    shares: createShareMaking({ records, service, credentials: store, adapter, seal, clock, random, log }),
    close() {
      http.close();
      inside.close();
    },
  };
}

export type Gateway = Awaited<ReturnType<typeof composeGateway>>;
