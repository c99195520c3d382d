/** One setting of the templates, made weaker. */
export interface Weakening {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const app = 'modules/function-app.bicep';
const cosmos = 'modules/cosmos.bicep';
const vault = 'modules/vault.bicep';
const storage = 'modules/storage.bicep';
const door = 'modules/front-door.bicep';
const routes = 'modules/front-door-routes.bicep';
const roles = 'modules/roles.bicep';
const network = 'modules/network.bicep';
const alerts = 'modules/alerts.bicep';
const monitor = 'modules/monitor.bicep';
const mail = 'modules/communication.bicep';
const wakeUp = 'modules/web-pubsub.bicep';
const relay = 'modules/relay.bicep';

const weaker = (file: string, from: string, to: string): Weakening => ({ file, from, to });
/** Where a switch is off, or is on. */
const off = (file: string, setting: string) => weaker(file, `${setting}: true`, `${setting}: false`);
const on = (file: string, setting: string) => weaker(file, `${setting}: false`, `${setting}: true`);
const gone = (file: string, text: string) => weaker(file, text, '');

/** By the invariant that must notice. Every invariant has some. */
export const weakenings: Readonly<Record<string, readonly Weakening[]>> = {
  'functions run on Flex Consumption, in several zones, on Node 24': [
    off(app, 'zoneRedundant'),
    weaker(app, "version: '24'", "version: '20'"),
    weaker(app, "name: 'FC1'", "name: 'Y1'"),
  ],
  'functions are one user-assigned identity, also towards their own storage': [
    weaker(app, "type: 'UserAssignedIdentity'", "type: 'StorageAccountConnectionString'"),
    weaker(app, 'AzureWebJobsStorage__accountName: hostStorageName', 'AzureWebJobsStorage: hostStorageName'),
    weaker(app, "'managedidentity'", "'key'"),
    weaker(app, "type: 'UserAssigned'\n", "type: 'SystemAssigned, UserAssigned'\n"),
  ],
  'functions are reached by TLS 1.2 alone, without FTP and remote debugging': [
    off(app, 'httpsOnly'),
    weaker(app, "minTlsVersion: '1.2'", "minTlsVersion: '1.0'"),
    weaker(app, "scmMinTlsVersion: '1.2'", "scmMinTlsVersion: '1.1'"),
    weaker(app, "ftpsState: 'Disabled'", "ftpsState: 'AllAllowed'"),
    on(app, 'remoteDebuggingEnabled'),
  ],
  'nobody deploys with a password': [on(app, 'allow'), weaker(app, "name: 'scm'", "name: 'ftp'")],
  'functions answer their own Front Door and nobody else': [
    weaker(
      app,
      "ipSecurityRestrictionsDefaultAction: 'Deny'",
      "ipSecurityRestrictionsDefaultAction: 'Allow'",
    ),
    weaker(app, "'AzureFrontDoor.Backend'", "'Internet'"),
    weaker(app, "'x-azure-fdid': [frontDoorId]", "'x-azure-fdid': ['${frontDoorId}x']"),
    weaker(app, "'x-azure-fdid': [frontDoorId]", "'x-forwarded-host': [frontDoorId]"),
    gone('main.bicep', '        FRONT_DOOR_ID: frontDoor.outputs.frontDoorId\n'),
    weaker('main.bicep', 'FRONT_DOOR_ID: frontDoor.outputs.frontDoorId', "FRONT_DOOR_ID: 'x'"),
  ],
  'where addresses for deployment are given, no other deploys': [
    weaker(app, "? 'Allow' : 'Deny'", "? 'Allow' : 'Allow'"),
    on(app, 'scmIpSecurityRestrictionsUseMain'),
  ],
  'a second region has a function app of its own, in which backup and drill do not run': [
    weaker('main.bicep', 'stamp.primary ? {} : notInSecondRegion', 'stamp.primary ? notInSecondRegion : {}'),
    weaker(
      'main.bicep',
      '    location: otherLocation\n    group: names.otherGroup',
      '    location: location\n    group: names.otherGroup',
    ),
  ],
  'Front Door sends shares to the tunnel function, and the portal as it comes': [
    weaker(routes, "destination: '/share-origin/'", "destination: '/'"),
    off(routes, 'preserveUnmatchedPath'),
    gone(routes, '    ruleSets: [\n      { id: shareRules.id }\n    ]\n'),
  ],
  'the service and Front Door have the rights that are listed, on single resources, and nobody has others': [
    weaker(
      roles,
      "keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'",
      "keyVaultSecretsUser: '00482a5a-887f-4fb3-b363-3b7fe8e74483'",
    ),
    weaker(
      roles,
      "storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'",
      "storageBlobDataContributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c'",
    ),
    weaker(roles, '  scope: backupContainer\n', '  scope: backups\n'),
    weaker(roles, '  scope: certificates\n', '  scope: vault\n'),
    weaker(roles, 'scope: relays[index]', 'scope: relays[0]'),
    weaker(roles, '  scope: wakeUp\n', '  scope: communication\n'),
  ],
  'of Cosmos DB the service has the data, and can change no database': [
    weaker(roles, "'00000000-0000-0000-0000-000000000002'", "'00000000-0000-0000-0000-000000000001'"),
  ],
  'the one role of our own makes relay connections, and can do nothing else': [
    weaker(
      roles,
      "['Microsoft.Relay/namespaces/hybridConnections/write']",
      "['Microsoft.Relay/namespaces/*']",
    ),
    weaker(roles, 'assignableScopes: [resourceGroup().id]', 'assignableScopes: [subscription().id]'),
  ],
  'with a private network, the stores are reached in it alone, and in each region': [
    weaker(cosmos, "privateNetwork ? 'Disabled' : 'Enabled'", "privateNetwork ? 'Enabled' : 'Enabled'"),
    weaker(vault, "privateNetwork ? 'Deny' : 'Allow'", "privateNetwork ? 'Allow' : 'Allow'"),
    weaker(storage, "privateNetwork ? 'Disabled' : 'Enabled'", "'Enabled'"),
    weaker(
      network,
      "{ name: vaultName, id: vaultId, member: 'vault', zone: zoneNames.vault }",
      "{ name: vaultName, id: '${vaultId}x', member: 'vault', zone: zoneNames.vault }",
    ),
  ],
  'private endpoints have names in a zone of their region, and functions go out through the network': [
    weaker(
      network,
      "privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', endpoint.zone)",
      "privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', '${endpoint.zone}x')",
    ),
    weaker(
      'main.bicep',
      "privateNetwork ? networks[index].outputs.functionSubnetId : ''",
      "privateNetwork ? '' : ''",
    ),
    weaker(app, '{ allTraffic: true }', '{ allTraffic: false }'),
  ],
  'nothing comes into a subnet but functions to private endpoints': [
    weaker(network, "access: 'Deny'", "access: 'Allow'"),
    weaker(network, 'sourceAddressPrefix: functionAddresses', "sourceAddressPrefix: '*'"),
    weaker(network, "'NetworkSecurityGroupEnabled'", "'Disabled'"),
  ],
  'documents are in two regions with zones, one of which is written to, and which take over from each other':
    [
      off(cosmos, 'isZoneRedundant'),
      off(cosmos, 'enableAutomaticFailover'),
      on(cosmos, 'enableMultipleWriteLocations'),
      weaker(
        cosmos,
        '        failoverPriority: 1\n        isZoneRedundant: true\n',
        '        failoverPriority: 1\n',
      ),
    ],
  'any moment of the last 30 days of the documents can be restored': [
    weaker(cosmos, "tier: 'Continuous30Days'", "tier: 'Continuous7Days'"),
    weaker(cosmos, "type: 'Continuous'\n", "type: 'Periodic'\n"),
  ],
  'documents have no keys, and TLS 1.2': [
    off(cosmos, 'disableLocalAuth'),
    off(cosmos, 'disableKeyBasedMetadataWriteAccess'),
    weaker(cosmos, "'Tls12'", "'Tls11'"),
    weaker(cosmos, "networkAclBypass: 'None'", "networkAclBypass: 'AzureServices'"),
  ],
  'what was revoked is read as revoked at once: bounded staleness': [
    weaker(cosmos, "'BoundedStaleness'", "'Session'"),
  ],
  'vaults know roles only, and nothing in them can be purged': [
    off(vault, 'enableRbacAuthorization'),
    off(vault, 'enableSoftDelete'),
    weaker(vault, 'softDeleteRetentionInDays: 90', 'softDeleteRetentionInDays: 7'),
    off(vault, 'enablePurgeProtection'),
    on(vault, 'enabledForTemplateDeployment'),
  ],
  'secrets of the service and certificates are in vaults of their own': [
    weaker(relay, "name: 'relay-listen-key'", "name: 'token-signing'"),
    weaker(
      'main.bicep',
      'certificatesName: names.certificates\n    workspaceId',
      'certificatesName: names.vault\n    workspaceId',
    ),
  ],
  'backups are in two regions, unchangeable for 90 days, and go then': [
    weaker('main.bicep', "sku: 'Standard_RAGZRS'", "sku: 'Standard_ZRS'"),
    weaker('main.bicep', 'immutableDays: 90', 'immutableDays: 30'),
    weaker('main.bicep', 'immutableDays: 90', 'immutableDays: 0'),
    weaker(
      storage,
      "immutabilityLocked ? 'Locked' : 'Unlocked'",
      "immutabilityLocked ? 'Disabled' : 'Disabled'",
    ),
    weaker(storage, 'isVersioningEnabled: immutable', 'isVersioningEnabled: false'),
    weaker(storage, 'daysAfterModificationGreaterThan: immutableDays', 'daysAfterModificationGreaterThan: 9'),
  ],
  'storage has no keys, nothing public, and TLS 1.2': [
    on(storage, 'allowSharedKeyAccess'),
    on(storage, 'allowBlobPublicAccess'),
    on(storage, 'allowCrossTenantReplication'),
    on(storage, 'isLocalUserEnabled'),
    weaker(storage, "'TLS1_2'", "'TLS1_0'"),
    off(storage, 'supportsHttpsTrafficOnly'),
    weaker(storage, "publicAccess: 'None'", "publicAccess: 'Blob'"),
  ],
  'where there is a second region, a relay stands by in it, and the service uses that of the first': [
    weaker(
      'main.bicep',
      '    location: otherLocation\n    name: names.standbyRelay',
      '    location: location\n    name: names.standbyRelay',
    ),
    weaker('main.bicep', "standbyRelay!.outputs.id : ''", "relay.outputs.id : ''"),
    weaker(
      'main.bicep',
      'RELAY_RESOURCE_ID: relay.outputs.id',
      'RELAY_RESOURCE_ID: standbyRelay!.outputs.id',
    ),
  ],
  'the one key of a relay that anything holds may listen, and no more': [
    weaker(relay, "rights: ['Listen']", "rights: ['Listen', 'Send']"),
    weaker(relay, "minimumTlsVersion: '1.2'", "minimumTlsVersion: '1.3'"),
  ],
  'wake-ups have no keys, and nobody connects to them unasked': [
    off(wakeUp, 'disableLocalAuth'),
    weaker(wakeUp, "anonymousConnectPolicy: 'deny'", "anonymousConnectPolicy: 'allow'"),
    weaker(wakeUp, "['ServerConnection', 'RESTAPI', 'Trace']", '[]'),
  ],
  'e-mail has no keys, a domain, and follows nobody': [
    off(mail, 'disableLocalAuth'),
    weaker(mail, "userEngagementTracking: 'Disabled'", "userEngagementTracking: 'Enabled'"),
    gone(mail, '      sendFromOwn ? customDomain.id : azureDomain.id\n'),
  ],
  'what holds data is locked against deletion': [
    weaker(storage, "level: 'CanNotDelete'", "level: 'NotSpecified'"),
    weaker(cosmos, 'if (lock)', 'if (!lock)'),
    weaker(vault, "level: 'CanNotDelete'", "level: 'ReadOnly'"),
  ],
  'a firewall that prevents stands before every host': [
    weaker(door, "mode: 'Prevention'", "mode: 'Detection'"),
    weaker(door, "requestBodyCheck: 'Enabled'", "requestBodyCheck: 'Disabled'"),
    weaker(door, "var sku = 'Premium_AzureFrontDoor'", "var sku = 'Standard_AzureFrontDoor'"),
    weaker(
      door,
      "            { id: shareDomains.id }\n          ]\n          patternsToMatch: ['/*']",
      "            { id: shareDomains.id }\n          ]\n          patternsToMatch: ['/api/*']",
    ),
    weaker(door, "ruleSetType: 'Microsoft_BotManagerRuleSet'", "ruleSetType: 'Microsoft_HTTPDDoSRuleSet'"),
    weaker(
      door,
      "ruleType: 'RateLimitRule'\n          action: 'Block'",
      "ruleType: 'RateLimitRule'\n          action: 'Log'",
    ),
  ],
  'the firewall of the portal blocks what the default rules find, and what only the inside may ask': [
    weaker(door, "ruleSetAction: 'Block'", "ruleSetAction: 'Log'"),
    weaker(door, '(admin|runtime|share-origin)', '(admin|share-origin)'),
    weaker(door, "([/?#]|$)']", "']"),
  ],
  'hosts have TLS 1.2 or newer, the shares with the newest version of their certificate': [
    weaker(door, "minimumTlsVersion: 'TLS12'", "minimumTlsVersion: 'TLS10'"),
    off(door, 'useLatestVersion'),
  ],
  'portal and shares have their hosts, the shares once there is a certificate': [
    weaker(door, "hostName: '*.${shareDomain}'", "hostName: 'all.${shareDomain}'"),
    weaker('main.bicep', "'portal.${domain}'", "'www.${domain}'"),
  ],
  'everything travels by HTTPS, is cached nowhere, and has no other host': [
    weaker(routes, "httpsRedirect: 'Enabled'", "httpsRedirect: 'Disabled'"),
    weaker(routes, "forwardingProtocol: 'HttpsOnly'", "forwardingProtocol: 'MatchRequest'"),
    weaker(routes, "linkToDefaultDomain: 'Disabled'", "linkToDefaultDomain: 'Enabled'"),
    weaker(
      routes,
      "    patternsToMatch: ['/*']\n",
      "    patternsToMatch: ['/*']\n    cacheConfiguration: { queryStringCachingBehavior: 'UseQueryString' }\n",
    ),
  ],
  'Front Door asks the first region while it is well, and knows whom it asks': [
    off(routes, 'enforceCertificateNameCheck'),
    weaker(routes, "probePath: '/api/health'", "probePath: '/'"),
    weaker(routes, 'priority: index + 1', 'priority: 1'),
    weaker(routes, 'originHostHeader: origin.host', "originHostHeader: 'portal'"),
  ],
  'no address, argument, cookie or body gets into the logs of the way in': [
    weaker(
      door,
      "'RequestUri', 'QueryStringArgNames', 'RequestHeaderNames'",
      "'QueryStringArgNames', 'RequestHeaderNames'",
    ),
    weaker(door, "logScrubbing: {\n      state: 'Enabled'", "logScrubbing: {\n      state: 'Disabled'"),
    weaker(
      door,
      "{ matchVariable: 'RequestUri', selectorMatchOperator: 'EqualsAny', state: 'Enabled' }",
      "{ matchVariable: 'RequestUri', selectorMatchOperator: 'EqualsAny', state: 'Disabled' }",
    ),
  ],
  'logs, metrics and traces are written by identity alone': [
    off(monitor, 'DisableLocalAuth'),
    off(monitor, 'disableLocalAuth'),
    weaker('main.bicep', ';Authorization=AAD', ''),
  ],
  'everything that has logs sends all of them to the workspace': [
    weaker(
      vault,
      "categoryGroup: 'allLogs'\n        enabled: true",
      "categoryGroup: 'allLogs'\n        enabled: false",
    ),
    weaker(door, "categoryGroup: 'allLogs'", "categoryGroup: 'audit'"),
    weaker(app, '  scope: app\n', '  scope: plan\n'),
    weaker(
      alerts,
      "resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01'",
      "resource book 'Microsoft.Insights/workbooks@2023-06-01' = {\n  name: 'x'\n}\n\nresource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01'",
    ),
  ],
  'somebody is told of each thing that can go wrong': [
    weaker(alerts, '    severity: 0\n    enabled: true', '    severity: 0\n    enabled: false'),
    weaker(alerts, "name: 'drill-failed'", "name: 'drill'"),
    weaker(alerts, '        actionGroupId: actionGroup.id', "        actionGroupId: 'nobody'"),
    weaker(alerts, 'roleId: owners', "roleId: '${owners}x'"),
  ],
  'alerts ask what they are named for': [
    weaker(alerts, "metricName: 'Percentage5XX'", "metricName: 'Percentage4XX'"),
    weaker(alerts, "values: ['429']", "values: ['200']"),
    weaker(alerts, 'Min < 18000', 'Min < 180000'),
    weaker(alerts, '"drill.failed"', '"drill.passed"'),
    weaker(alerts, 'toint(Properties.status) >= 500', 'toint(Properties.status) >= 600'),
    weaker(
      alerts,
      '"drawbridge.events" and tostring(Properties.action) == "drill',
      '"drawbridge.event" and tostring(Properties.action) == "drill',
    ),
    weaker(alerts, '/api/health', '/'),
  ],
  'somebody is told before a secret expires': [
    weaker(
      alerts,
      "['Microsoft.KeyVault.SecretNearExpiry', 'Microsoft.KeyVault.SecretExpired']",
      "['Microsoft.KeyVault.SecretExpired']",
    ),
    weaker(alerts, 'source: vaultId', 'source: documentsId'),
    weaker(
      'main.bicep',
      '    vaultId: vault.outputs.id\n    tags',
      '    vaultId: certificates.outputs.id\n    tags',
    ),
  ],
  'the published list names every host that a gateway reaches': [
    weaker('main.bicep', "  relay: '${relay.outputs.host} ", "  relay: '${portalHost} "),
    weaker('main.bicep', "'*.servicebus.windows.net ", "'"),
  ],
  'every resource says which environment it is of, and function apps which service': [
    weaker('main.bicep', "'azd-env-name': environmentName", "'environment': environmentName"),
    weaker(app, "'azd-service-name': serviceTag", "'service': serviceTag"),
  ],
  'names are as Azure allows them': [
    weaker('main.bicep', "backups: 'stbak${token}'", "backups: 'stbak-${token}'"),
    weaker('main.bicep', "documents: 'cosmos-${token}'", "documents: 'Cosmos-${token}'"),
  ],
};
