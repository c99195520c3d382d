import { at, differences, list, object, textOf, unless, type Invariant } from './deployed.ts';

const accountType = 'Microsoft.Storage/storageAccounts';

export const storeInvariants: readonly Invariant[] = [
  {
    name: 'documents are in two regions with zones, one of which is written to, and which take over from each other',
    broken: (deployment) => {
      const account = deployment.one('Microsoft.DocumentDB/databaseAccounts');
      const locations = list(at(account, 'properties.locations')).map(object);
      return [
        ...unless(locations.length === 2, `${locations.length} regions`),
        ...unless(
          new Set(locations.map(({ locationName }) => locationName)).size === 2,
          'both regions are one',
        ),
        ...unless(
          locations.every(({ isZoneRedundant }) => isZoneRedundant === true),
          'a region is in one zone only',
        ),
        ...differences(account, {
          'properties.enableMultipleWriteLocations': false,
          'properties.enableAutomaticFailover': true,
        }),
      ];
    },
  },
  {
    name: 'any moment of the last 30 days of the documents can be restored',
    broken: (deployment) =>
      differences(deployment.one('Microsoft.DocumentDB/databaseAccounts'), {
        'properties.backupPolicy': {
          type: 'Continuous',
          continuousModeProperties: { tier: 'Continuous30Days' },
        },
      }),
  },
  {
    name: 'documents have no keys, and TLS 1.2',
    broken: (deployment) =>
      differences(deployment.one('Microsoft.DocumentDB/databaseAccounts'), {
        'properties.disableLocalAuth': true,
        'properties.disableKeyBasedMetadataWriteAccess': true,
        'properties.minimalTlsVersion': 'Tls12',
        'properties.networkAclBypass': 'None',
      }),
  },
  {
    name: 'what was revoked is read as revoked at once: bounded staleness',
    broken: (deployment) =>
      differences(deployment.one('Microsoft.DocumentDB/databaseAccounts'), {
        'properties.consistencyPolicy.defaultConsistencyLevel': 'BoundedStaleness',
      }),
  },
  {
    name: 'vaults know roles only, and nothing in them can be purged',
    broken: (deployment) =>
      deployment.of('Microsoft.KeyVault/vaults').flatMap((vault) =>
        differences(vault, {
          'properties.enableRbacAuthorization': true,
          'properties.enableSoftDelete': true,
          'properties.softDeleteRetentionInDays': 90,
          'properties.enablePurgeProtection': true,
          'properties.enabledForTemplateDeployment': false,
          'properties.enabledForDeployment': false,
          'properties.enabledForDiskEncryption': false,
        }),
      ),
  },
  {
    name: 'secrets of the service and certificates are in vaults of their own',
    broken: (deployment) => {
      const [secret, more] = deployment.of('Microsoft.KeyVault/vaults/secrets');
      const vaults = deployment.of('Microsoft.KeyVault/vaults').map(({ name }) => name);
      const service = secret?.name.split('/')[0] ?? '';
      const certificates = deployment
        .of('Microsoft.Cdn/profiles/secrets')
        .map((each) => textOf(at(each, 'properties.parameters.secretSource.id')));
      return [
        ...unless(vaults.length === 2, `${vaults.length} vaults`),
        ...unless(
          secret?.name.endsWith('/relay-listen-key') === true && !more,
          'the template makes other secrets than the key of the relay',
        ),
        ...unless(
          certificates.every((id) => !id.includes(`/${service}/`)),
          'Front Door reads the vault of the service',
        ),
      ];
    },
  },
  {
    name: 'backups are in two regions, unchangeable for 90 days, and go then',
    broken: (deployment) => {
      const account = deployment.one(
        accountType,
        ({ origin, name }) => origin === 'storage.account' && name.startsWith('stbak'),
      );
      const blobs = deployment.one(`${accountType}/blobServices`, ({ name }) => name.startsWith('stbak'));
      const lifecycle = deployment
        .of(`${accountType}/managementPolicies`)
        .filter(({ name }) => name.startsWith(account.name));
      return [
        ...differences(account, {
          'sku.name': 'Standard_RAGZRS',
          'properties.immutableStorageWithVersioning': {
            enabled: true,
            immutabilityPolicy: {
              immutabilityPeriodSinceCreationInDays: 90,
              state: deployment.parameters.backupsLocked === true ? 'Locked' : 'Unlocked',
            },
          },
        }),
        ...differences(blobs, {
          'properties.isVersioningEnabled': true,
          'properties.deleteRetentionPolicy.enabled': true,
        }),
        ...unless(lifecycle.length === 1, 'there is no lifecycle rule'),
        ...lifecycle.flatMap((policy) =>
          differences(policy, {
            'properties.policy.rules.0.enabled': true,
            'properties.policy.rules.0.definition.actions': {
              baseBlob: { delete: { daysAfterModificationGreaterThan: 90 } },
              version: { delete: { daysAfterCreationGreaterThan: 90 } },
            },
          }),
        ),
      ];
    },
  },
  {
    name: 'storage has no keys, nothing public, and TLS 1.2',
    broken: (deployment) => [
      ...deployment.of(accountType).flatMap((account) =>
        differences(account, {
          'properties.allowSharedKeyAccess': false,
          'properties.defaultToOAuthAuthentication': true,
          'properties.allowBlobPublicAccess': false,
          'properties.allowCrossTenantReplication': false,
          'properties.isLocalUserEnabled': false,
          'properties.minimumTlsVersion': 'TLS1_2',
          'properties.supportsHttpsTrafficOnly': true,
        }),
      ),
      ...deployment
        .of(`${accountType}/blobServices/containers`)
        .flatMap((container) => differences(container, { 'properties.publicAccess': 'None' })),
    ],
  },
  {
    name: 'the one key of a relay that anything holds may listen, and no more',
    broken: (deployment) => {
      const rules = deployment.of('Microsoft.Relay/namespaces/authorizationRules');
      const relays = deployment.of('Microsoft.Relay/namespaces');
      return [
        ...unless(rules.length === relays.length, `${rules.length} rules`),
        ...rules.flatMap((rule) =>
          differences(rule, { name: 'gateways-listen', 'properties.rights': ['Listen'] }),
        ),
        ...relays.flatMap((relay) => differences(relay, { 'properties.minimumTlsVersion': '1.2' })),
      ];
    },
  },
  {
    name: 'where there is a second region, a relay stands by in it, and the service uses that of the first',
    broken: (deployment) => {
      const [relay, standby, more] = deployment.of('Microsoft.Relay/namespaces');
      const elsewhere = standby !== undefined && at(standby, 'location') !== at(relay!, 'location');
      return [
        ...unless(!more && elsewhere === deployment.on('secondRegion'), 'no relay stands by elsewhere'),
        ...deployment
          .of('Microsoft.Web/sites/config')
          .flatMap((settings) => differences(settings, { 'properties.RELAY_RESOURCE_ID': relay!.id })),
        ...unless(
          textOf(deployment.outputs.STANDBY_RELAY_RESOURCE_ID) === (standby?.id ?? ''),
          'the hooks would not find it',
        ),
      ];
    },
  },
  {
    name: 'wake-ups have no keys, and nobody connects to them unasked',
    broken: (deployment) => {
      const service = deployment.one('Microsoft.SignalRService/webPubSub');
      const denied = list(at(service, 'properties.networkACLs.publicNetwork.deny')).map(textOf);
      const wanted = deployment.on('privateNetwork')
        ? 'ServerConnection,RESTAPI,Trace'
        : 'ServerConnection,Trace';
      return [
        ...differences(service, { 'properties.disableLocalAuth': true, 'properties.disableAadAuth': false }),
        ...unless(denied.join() === wanted, `from outside are denied ${denied.join()}`),
        ...differences(deployment.one('Microsoft.SignalRService/webPubSub/hubs'), {
          name: 'gateways',
          'properties.anonymousConnectPolicy': 'deny',
        }),
      ];
    },
  },
  {
    name: 'e-mail has no keys, a domain, and follows nobody',
    broken: (deployment) => {
      const service = deployment.one('Microsoft.Communication/communicationServices');
      const linked = list(at(service, 'properties.linkedDomains')).map(textOf);
      const domains = deployment.of('Microsoft.Communication/emailServices/domains');
      const own = textOf(deployment.parameters.mailDomain);
      return [
        ...differences(service, { 'properties.disableLocalAuth': true }),
        ...unless(
          linked.join() ===
            domains
              .filter(({ body }) => body.name === (own || 'AzureManagedDomain'))
              .map(({ id }) => id)
              .join(),
          `e-mails are sent from ${linked.join()}`,
        ),
        ...domains.flatMap((domain) =>
          differences(domain, { 'properties.userEngagementTracking': 'Disabled' }),
        ),
      ];
    },
  },
  {
    name: 'what holds data is locked against deletion',
    broken: (deployment) => {
      if (!deployment.on('lock'))
        return unless(deployment.of('Microsoft.Authorization/locks').length === 0, 'something is locked');
      const kept = [
        ...deployment.of('Microsoft.DocumentDB/databaseAccounts'),
        ...deployment.of('Microsoft.KeyVault/vaults'),
        ...deployment.of(accountType).filter(({ name }) => name.startsWith('stbak')),
      ];
      return kept.flatMap((resource) =>
        unless(
          deployment
            .extensionsOf(resource, 'Microsoft.Authorization/locks')
            .some((lock) => at(lock, 'properties.level') === 'CanNotDelete'),
          `${resource.name} can be deleted`,
        ),
      );
    },
  },
];
