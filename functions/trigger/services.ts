import { mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAccountNotice } from '../../shared/accounts/account-notice.ts';
import { createAccountDeletion } from '../../shared/accounts/account-deletion.ts';
import { accountSchema } from '../../shared/accounts/account.ts';
import { createAttempts } from '../../shared/accounts/attempts.ts';
import { authenticatorsSchema } from '../../shared/accounts/authenticators.ts';
import { createIdentityProvider } from '../../shared/accounts/identity-provider.ts';
import { createKnownDevices } from '../../shared/accounts/known-device.ts';
import { argon2PasswordHashing } from '../../shared/accounts/password-hash.ts';
import { createPasswordLinks, passwordLinkSchema } from '../../shared/accounts/password-link.ts';
import { createPasswords } from '../../shared/accounts/passwords.ts';
import { createSecretSeal } from '../../shared/accounts/sealed-secret.ts';
import { createSecondFactors } from '../../shared/accounts/second-factors.ts';
import { createSessions, sessionSchema } from '../../shared/accounts/session.ts';
import { createSignIn, signInChallengeSchema } from '../../shared/accounts/sign-in.ts';
import { createProviderLinks, providerLinkSchema } from '../../shared/accounts/provider-link.ts';
import { createProviderSignIn } from '../../shared/accounts/provider-sign-in.ts';
import { createSignInSteps, halfSignInSchema } from '../../shared/accounts/sign-in-steps.ts';
import { createThrottle, throttleSchema } from '../../shared/accounts/throttle.ts';
import { createAuditLog } from '../../shared/audit/audit-log.ts';
import { createUntoldEvents } from '../../shared/audit/untold-events.ts';
import { azureBlobs, managedContainer } from '../../shared/blobs/azure-blobs.ts';
import type { Scratch } from '../../shared/backup/drill.ts';
import { createJournal } from '../../shared/backup/journal.ts';
import { folderBlobs } from '../../shared/blobs/folder-blobs.ts';
import type { Clock, Random } from '../../shared/clock.ts';
import { readConfiguration, type Configuration } from '../../shared/configuration.ts';
import { createCommunicationEmailSender } from '../../shared/email/communication-email-sender.ts';
import type { EmailSender } from '../../shared/email/email-sender.ts';
import { createMailboxEmailSender } from '../../shared/email/mailbox-email-sender.ts';
import { createSmtpEmailSender } from '../../shared/email/smtp-email-sender.ts';
import { createInvitationDelivery } from '../../shared/invitations/invitation-delivery.ts';
import { jsonLines, type Log } from '../../shared/log.ts';
import { createAccessTokens } from '../../shared/oauth/access-token.ts';
import { createDeviceGrants, deviceGrantSchema } from '../../shared/oauth/device-grant.ts';
import { createGatewayReapproval } from '../../shared/oauth/gateway-reapproval.ts';
import {
  createOrganizations,
  membershipSchema,
  organizationSchema,
  slugReservationSchema,
} from '../../shared/organizations/organization.ts';
import { createOrganizationLife } from '../../shared/organizations/organization-life.ts';
import { createOrganizationMembers } from '../../shared/organizations/organization-members.ts';
import { createOwnersNotice } from '../../shared/organizations/owners-notice.ts';
import { portalPaths } from '../../shared/pages/portal-paths.ts';
import { createPolicies } from '../../shared/policies/policies.ts';
import { packageRoot } from '../../shared/package-root.ts';
import { cachedSecrets } from '../../shared/secrets/cached-secrets.ts';
import { createRotationNotice, secretVersionSchema } from '../../shared/secrets/rotation-notice.ts';
import { secretNames } from '../../shared/secrets/secret-store.ts';
import { openFileSecretStore } from '../../shared/secrets/file-secret-store.ts';
import { keyVaultSecretStore } from '../../shared/secrets/key-vault-secret-store.ts';
import { allowlistDocumentSchema, createAllowlists } from '../../shared/shares/allowlist-document.ts';
import { createAllowlistChanges } from '../../shared/shares/allowlist-changes.ts';
import { createRefusedCalls, refusedCallsSchema } from '../../shared/shares/refused-calls.ts';
import { createShareAccess } from '../../shared/shares/share-access.ts';
import { createShareHandoff, usedHandoffSchema } from '../../shared/shares/share-handoff.ts';
import { createHeldShares } from '../../shared/shares/held-shares.ts';
import { shareSchema } from '../../shared/shares/share.ts';
import { createShares, grantSchema } from '../../shared/shares/shares.ts';
import { createCommunicationSmsSender } from '../../shared/sms/communication-sms-sender.ts';
import { createMailboxSmsSender } from '../../shared/sms/mailbox-sms-sender.ts';
import type { SmsSender } from '../../shared/sms/sms-sender.ts';
import { collection } from '../../shared/store/collection.ts';
import { cosmosDocumentStore } from '../../shared/store/cosmos-document-store.ts';
import { createHealth } from '../../shared/status/health.ts';
import { openSqliteDocumentStore } from '../../shared/store/sqlite-document-store.ts';
import type { SqliteFile } from '../../shared/store/sqlite-schema.ts';
import { systemClock, systemRandom } from '../../shared/system-clock.ts';
import { createGatewayCredentials } from '../../shared/systems/gateway-credentials.ts';
import { gatewayRecordSchema } from '../../shared/systems/gateway-record.ts';
import { createSilentSystems } from '../../shared/systems/silent-systems.ts';
import { systemSchema } from '../../shared/systems/system.ts';
import { createSystems } from '../../shared/systems/systems.ts';
import { azureHybridConnections } from '../../shared/tunnel/hybrid-connections.ts';
import { identityAuthorization } from '../../shared/tunnel/relay-identity.ts';
import { createRelaySender } from '../../shared/tunnel/relay-sender.ts';
import { createListenerTokens, senderAuthorization } from '../../shared/tunnel/relay-tokens.ts';
import { createShareTunnel } from '../../shared/tunnel/share-tunnel.ts';
import {
  tracedAudit,
  tracedBlobs,
  tracedEmail,
  tracedSecrets,
  tracedSender,
  tracedSms,
  tracedStore,
} from '../../shared/telemetry/traced-ports.ts';
import { traceIdsOnly, type Telemetry } from '../../shared/telemetry/telemetry.ts';
import { everyListener, wakeOnChange } from '../../shared/wake-up/wake-on-change.ts';
import type { WakeUp } from '../../shared/wake-up/wake-up.ts';
import { createWebPubSubWakeUp } from '../../shared/wake-up/web-pubsub-wake-up.ts';
import { hmac } from '../../shared/identifier.ts';
import type { SecretStore } from '../../shared/secrets/secret-store.ts';
import { createTunnelPresence } from '../../shared/tunnel/tunnel-presence.ts';

import { hostTelemetry } from './telemetry.ts';

/** What the composition root takes beside the configuration. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Ids alone, unless told. */
  readonly telemetry?: Telemetry;
  /** Of the embedded store. */
  readonly durable?: SqliteFile['durable'];
}

function programVersion(): string {
  const text = readFileSync(join(packageRoot, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** A store in a folder of its own, for the drill. */
async function openScratch(): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-drill-'));
  const store = openSqliteDocumentStore({ file: join(folder, 'documents.sqlite'), durable: 'on-close' });
  return {
    store,
    async remove() {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function composeEmail(configuration: Configuration, clock: Clock): EmailSender {
  const { smtpUrl, communicationEndpoint: endpoint, azureClientId, mailFrom: from, dataDir } = configuration;
  if (smtpUrl !== undefined) return createSmtpEmailSender({ url: smtpUrl, from });
  if (endpoint !== undefined)
    return createCommunicationEmailSender({ endpoint, clientId: azureClientId, from });
  return createMailboxEmailSender({ folder: join(dataDir, 'mail'), from, clock });
}

/** Undefined where e-mail is sent for real and no number is set: then nobody can be reached by SMS. */
function composeSms(configuration: Configuration, clock: Clock): SmsSender | undefined {
  const { smtpUrl, communicationEndpoint: endpoint, azureClientId, smsFrom: from, dataDir } = configuration;
  if (endpoint !== undefined && from !== undefined)
    return createCommunicationSmsSender({ endpoint, clientId: azureClientId, from });
  const real = smtpUrl !== undefined || endpoint !== undefined;
  return real ? undefined : createMailboxSmsSender({ folder: join(dataDir, 'mail'), clock });
}

/** The key of the hub of the one-machine runtime: who may send through its relay may wake, too. */
export const wakeUpHubKey = async (secrets: Pick<SecretStore, 'current'>): Promise<string> =>
  hmac((await secrets.current('relay-send-key')).value, 'wake-up hub');

/** Undefined where nothing wakes gateways: they look by themselves. */
function composeWakeUp(
  { webPubSubEndpoint: endpoint, azureClientId: clientId }: Configuration,
  secrets: SecretStore,
  { clock, log }: Pick<Surroundings, 'clock' | 'log'>,
): WakeUp | undefined {
  if (endpoint === undefined) return undefined;
  const key = endpoint.startsWith('http:') ? () => wakeUpHubKey(secrets) : undefined;
  return createWebPubSubWakeUp({ endpoint, clientId, key, clock, log });
}

/** What reading a backup takes: it must do where the documents are lost. */
export function composeBackupSource(configuration: Configuration, { clock, random, log }: Surroundings) {
  const { dataDir, keyVaultUrl, azureClientId, backupContainerUrl } = configuration;
  const secrets = cachedSecrets({
    secrets: keyVaultUrl
      ? keyVaultSecretStore({ vaultUrl: keyVaultUrl, clientId: azureClientId, clock, log })
      : openFileSecretStore({ file: join(dataDir, 'secrets.json'), clock, random }),
    clock,
    log,
  });
  const blobs = backupContainerUrl
    ? azureBlobs(managedContainer(backupContainerUrl, azureClientId))
    : folderBlobs({ folder: join(dataDir, 'backups') });
  return { secrets, blobs };
}

/** The composition root: every service, built from configuration alone. */
export function composeServices(
  configuration: Configuration,
  { clock, random, log, durable = 'each-write', telemetry = traceIdsOnly(random) }: Surroundings,
) {
  const { dataDir, publicOrigin, shareDomain } = configuration;
  const site = { publicOrigin, shareDomain };
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });

  const tells = configuration.telemetry !== undefined;
  const told = <T>(port: T, as: (telemetry: Telemetry, port: T) => T): T =>
    tells ? as(telemetry, port) : port;
  const openedStore = configuration.cosmos
    ? cosmosDocumentStore({
        ...configuration.cosmos,
        clientId: configuration.azureClientId,
        random,
        log,
        onRetry: () => telemetry.count('drawbridge.store.retries', {}),
      })
    : openSqliteDocumentStore({ file: join(dataDir, 'documents.sqlite'), durable });
  const store = told(openedStore, tracedStore);
  const source = composeBackupSource(configuration, { clock, random, log });
  const secrets = told(source.secrets, tracedSecrets);
  const blobs = told(source.blobs, tracedBlobs);
  const plainEmail = composeEmail(configuration, clock);
  const email = told(plainEmail, tracedEmail);
  const invitationEmail = told(plainEmail, (to, port) => tracedEmail(to, port, 'invitation'));
  const plainSms = composeSms(configuration, clock);
  const sms = plainSms && told(plainSms, tracedSms);
  const audit = told(createAuditLog({ store, clock, random }), tracedAudit);
  // Its own randomness: when it writes depends on real time, and must not disturb a sequence that was seeded.
  const journal = createJournal({ blobs, secrets, clock, random: systemRandom, log });

  const wakeUp = composeWakeUp(configuration, secrets, { clock, log });
  const waking = wakeOnChange(wakeUp);
  const shareDocuments = collection(
    store,
    'shares',
    shareSchema,
    everyListener(journal.of('shares'), waking.shares),
  );
  const systemDocuments = collection(
    store,
    'systems',
    systemSchema,
    everyListener(journal.of('systems'), waking.systems),
  );
  const gatewayDocuments = collection(
    store,
    'gateways',
    gatewayRecordSchema,
    everyListener(journal.of('gateways'), waking.gateways),
  );
  const slugs = collection(store, 'slugs', slugReservationSchema);

  const throttle = createThrottle({ counts: collection(store, 'throttles', throttleSchema), clock });
  const organizationDocuments = collection(
    store,
    'organizations',
    organizationSchema,
    journal.of('organizations'),
  );
  const memberships = collection(store, 'memberships', membershipSchema);
  const telling = { audit, clock, random };
  const untoldShares = createUntoldEvents({ documents: shareDocuments, ...telling });
  const untoldSystems = createUntoldEvents({ documents: systemDocuments, ...telling });
  const untoldOrganizations = createUntoldEvents({ documents: organizationDocuments, ...telling });
  const organizations = createOrganizations({
    organizations: organizationDocuments,
    memberships,
    slugs,
    untold: untoldOrganizations,
    clock,
    random,
  });
  const owners = createOwnersNotice({
    organizations,
    systems: systemDocuments,
    email,
    clock,
    log,
    publicOrigin,
  });
  const credentials = createGatewayCredentials({
    gateways: gatewayDocuments,
    tokens: createAccessTokens({ secrets, clock, issuer: publicOrigin }),
    secrets,
    audit,
    clock,
    random,
    log,
    owners,
  });
  const grants = collection(store, 'deviceGrants', deviceGrantSchema);
  const deviceGrants = createDeviceGrants({
    grants,
    systems: systemDocuments,
    gateways: gatewayDocuments,
    slugs,
    organizations,
    credentials,
    audit,
    clock,
    random,
  });
  const allowlists = createAllowlists(collection(store, 'allowlists', allowlistDocumentSchema));
  const refusedCalls = createRefusedCalls({
    documents: collection(store, 'refusedCalls', refusedCallsSchema),
    clock,
  });
  const allowlistChanges = createAllowlistChanges({
    allowlists,
    refused: refusedCalls,
    untold: untoldShares,
    clock,
  });
  const shares = createShares({
    shares: shareDocuments,
    grants: collection(store, 'grants', grantSchema),
    allowlists,
    refused: refusedCalls,
    allowlistChanges,
    policyOf: async (id) => (await organizations.read(id))?.policy ?? {},
    untold: untoldShares,
    clock,
    random,
  });
  const sessions = createSessions({ sessions: collection(store, 'sessions', sessionSchema), clock, random });
  const accounts = collection(store, 'accounts', accountSchema, journal.of('accounts'));
  const authenticators = collection(
    store,
    'authenticators',
    authenticatorsSchema,
    journal.of('authenticators'),
  );
  const devices = createKnownDevices({ secrets, random });
  const attempts = createAttempts({ throttle, devices });
  const accountNotice = createAccountNotice({ audit, email, clock, random, log, portalOrigin: publicOrigin });
  const passwords = createPasswords({
    authenticators,
    accounts,
    sessions,
    hashing: argon2PasswordHashing,
    attempts,
    notice: accountNotice,
    clock,
    random,
  });
  const secondFactors = createSecondFactors({
    authenticators,
    attempts,
    notice: accountNotice,
    seal: createSecretSeal({ secrets, random }),
    secrets,
    clock,
    random,
  });
  const shareAccess = createShareAccess({
    shares: shareDocuments,
    systems: systemDocuments,
    sessions,
    clock,
  });
  const plainSender = createRelaySender({
    endpoint: configuration.relayEndpoint,
    authorize: configuration.relayInAzure
      ? identityAuthorization({ clientId: configuration.azureClientId, clock })
      : senderAuthorization({ secrets, clock, endpoint: configuration.relayEndpoint }),
  });
  const sender = told(plainSender, tracedSender);
  const reapproval = createGatewayReapproval({
    grants,
    systems: systemDocuments,
    gateways: gatewayDocuments,
    deviceGrants,
    credentials,
    organizations,
    owners,
    audit,
    clock,
  });
  const systems = createSystems({
    systems: systemDocuments,
    gateways: gatewayDocuments,
    credentials,
    shares,
    audit,
    untold: untoldSystems,
    owners,
    reapproval,
    clock,
  });

  const silentSystems = createSilentSystems({ gateways: gatewayDocuments, systems, owners, clock });

  const handoffs = collection(store, 'handoffs', usedHandoffSchema);
  const providerLinks = collection(store, 'providerLinks', providerLinkSchema, journal.of('providerLinks'));
  const organizationMembers = createOrganizationMembers({
    organizations: organizationDocuments,
    memberships,
    throttle,
    email,
    untold: untoldOrganizations,
    clock,
    random,
    log,
    publicOrigin,
  });
  const untoldAccounts = createUntoldEvents({ documents: accounts, ...telling });
  const secretVersions = collection(store, 'secretVersions', secretVersionSchema);
  const untoldRotations = createUntoldEvents({ documents: secretVersions, ...telling });
  const { identityProvider } = configuration;
  const providerSignIn =
    identityProvider &&
    createProviderSignIn({
      provider: createIdentityProvider({
        settings: identityProvider,
        redirectUri: `${publicOrigin}${portalPaths.providerCallback}`,
        clock,
        log,
      }),
      links: createProviderLinks({
        links: providerLinks,
        issuer: identityProvider.issuer,
      }),
      accounts,
      used: handoffs,
      throttle,
      secrets,
      clock,
      random,
    });

  return {
    configuration,
    version: programVersion(),
    clock,
    random,
    log,
    telemetry,
    store,
    secrets,
    email,
    sms,
    wakeUp,
    blobs,
    journal,
    health: createHealth({ store, secrets, blobs, journal, sender, log, clock }),
    openScratch,
    audit,
    untold: [untoldShares, untoldSystems, untoldOrganizations, untoldAccounts, untoldRotations],
    throttle,
    organizations,
    credentials,
    shares,
    refusedCalls,
    allowlistChanges,
    sessions,
    shareAccess,
    sender,
    site,
    signIn: createSignIn({
      challenges: collection(store, 'challenges', signInChallengeSchema),
      accounts,
      secrets,
      attempts,
      email,
      clock,
      random,
      portalOrigin: publicOrigin,
    }),
    providerSignIn,
    signInSteps: createSignInSteps({
      halves: collection(store, 'halfSignIns', halfSignInSchema),
      secondFactors,
      sessions,
      devices,
      notice: accountNotice,
      clock,
      random,
    }),
    passwords,
    passwordLinks: createPasswordLinks({
      links: collection(store, 'passwordLinks', passwordLinkSchema),
      accounts,
      passwords,
      attempts,
      notice: accountNotice,
      email,
      clock,
      random,
      portalOrigin: publicOrigin,
    }),
    secondFactors,
    accountNotice,
    accounts,
    rotationNotice: createRotationNotice({
      secrets,
      versions: secretVersions,
      untold: untoldRotations,
      // Azure Relay takes the service's identity instead.
      names: secretNames.filter((name) => name !== 'relay-send-key' || !configuration.relayInAzure),
      log,
    }),
    accountDeletion: createAccountDeletion({
      accounts,
      authenticators,
      providerLinks,
      organizations: organizationDocuments,
      memberships,
      members: organizationMembers,
      shares,
      sessions,
      untold: untoldAccounts,
      notice: accountNotice,
      clock,
    }),
    deviceGrants,
    reapproval,
    systems,
    silentSystems,
    organizationMembers,
    organizationLife: createOrganizationLife({
      organizations: organizationDocuments,
      memberships,
      systems,
      untold: untoldOrganizations,
      clock,
    }),
    policies: createPolicies({
      shareDocuments,
      shares,
      untold: untoldOrganizations,
      clock,
    }),
    heldShares: createHeldShares({
      store,
      shares: shareDocuments,
      systems: systemDocuments,
      untold: untoldSystems,
      owners,
    }),
    shareHandoff: createShareHandoff({
      used: handoffs,
      sessions,
      secrets,
      clock,
      random,
    }),
    invitations: createInvitationDelivery({
      shares: shareDocuments,
      systems: systemDocuments,
      organizations,
      email: invitationEmail,
      clock,
      log,
      publicOrigin,
    }),
    listenerTokens: createListenerTokens({
      secrets,
      clock,
      endpoint: configuration.relayEndpoint,
      prepare: configuration.relayResourceId
        ? azureHybridConnections({
            namespaceId: configuration.relayResourceId,
            clientId: configuration.azureClientId,
            log,
          })
        : undefined,
    }),
    tunnelPresence: createTunnelPresence({ sender, clock }),
    tunnel: createShareTunnel({
      access: shareAccess,
      allowlists,
      shares,
      refused: refusedCalls,
      sender,
      audit,
      site,
      telemetry,
      clock,
      log,
      every: (milliseconds, task) => {
        const timer = setInterval(() => {
          telemetry
            .quietly(task)
            .catch((error: unknown) => log.error('recheck failed', { error: String(error) }));
        }, milliseconds);
        return () => clearInterval(timer);
      },
    }),
  };
}

export type Services = ReturnType<typeof composeServices>;

let composed: Services | undefined;

/** The services of this host, built on first use so that a cold start pays for none of them. */
export function services(): Services {
  composed ??= composeServices(
    // eslint-disable-next-line no-restricted-properties -- the composition root
    readConfiguration(process.env),
    {
      clock: systemClock,
      random: systemRandom,
      telemetry: hostTelemetry,
      log: jsonLines(
        (line) => process.stdout.write(`${line}\n`),
        () => new Date(systemClock.now()).toISOString(),
        () => hostTelemetry.context()?.traceId,
      ),
    },
  );
  return composed;
}
