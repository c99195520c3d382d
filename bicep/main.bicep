targetScope = 'subscription'

metadata name = 'Drawbridge'
metadata description = 'The service in Azure: hardened and geo-redundant. What is not said otherwise in a parameter file is production.'

// Names with texts.
type named = {}

// Hosts by what they are for.
type endpoints = {
  portal: string
  relay: string
  rendezvous: string
  wakeUp: string
}

@description('Required. Name of this environment. Its resource groups and tags carry it.')
@minLength(2)
@maxLength(32)
param environmentName string

@description('Required. Region of the service; one with availability zones.')
param location string

@description('Required. Domain of the service, such as bridge.example.com. The portal is portal.DOMAIN.')
param domain string

@description('Optional. Domain below which each share has its host. One that is registered for shares alone keeps dashboards furthest from the portal.')
param shareDomain string = 'share.${domain}'

@description('Conditional. Name of the certificate for *.SHAREDOMAIN in the vault of certificates. Shares have no host until it is given: Front Door makes no wildcard certificates.')
param shareCertificate string = ''

@description('Conditional. Region of the copies of everything, with availability zones. Required where the region has no neighbour in the list below.')
param secondLocation string = ''

@description('Optional. A second function app, in the second region, behind the same Front Door.')
param secondRegion bool = true

@description('Optional. Virtual networks, and stores that are reached from them alone.')
param privateNetwork bool = true

@description('Optional. Locks against deletion on everything that holds data.')
param lock bool = true

@description('Optional. Makes the immutability of the backups final: it can then only be extended, by nobody shortened. Set it once the first backup was restored.')
param backupsLocked bool = false

@description('Optional. A DNS zone for the domain, with the records of portal and shares. Delegate the domain to its name servers.')
param hostDns bool = true

@description('Optional. Geography in which e-mails and SMS are kept while they are sent.')
@allowed(['Africa', 'Asia Pacific', 'Australia', 'Brazil', 'Canada', 'Europe', 'France', 'Germany', 'India', 'Japan', 'Korea', 'Norway', 'Switzerland', 'UAE', 'UK', 'United States'])
param mailGeography string = 'Europe'

@description('Optional. Domain that e-mails come from. Without it, one that Azure makes, which sends few.')
param mailDomain string = ''

@description('Conditional. The mail domain is verified: e-mails are sent from it.')
param mailDomainVerified bool = false

@description('Optional. Number that SMS are sent from, in E.164 form, bought for the Communication Services of this environment.')
param smsFrom string = ''

@description('Optional. Who gets the alerts by e-mail, besides the owners of the subscription: addresses by commas.')
param alertEmails string = ''

@description('Optional. Most request units a second of the containers that share them.')
@minValue(1000)
param documentThroughput int = 4000

@description('Optional. Most instances of the function app in each region.')
@minValue(1)
@maxValue(1000)
param mostInstances int = 100

@description('Optional. Wake-ups: Free_F1 holds 20 gateways, each unit of Standard_S1 and Premium_P1 a thousand.')
@allowed(['Free_F1', 'Standard_S1', 'Premium_P1'])
param wakeUpSku string = 'Standard_S1'

@description('Optional. Units of wake-ups.')
param wakeUpUnits int = 1

@description('Optional. Addresses (CIDR) that code may be deployed from, by commas. Without them any, by Entra ID.')
param deployFrom string = ''

@description('Optional. Further settings of the service, such as TERMS_URL. A secret only as a Key Vault reference.')
param settings named = {}

@description('Optional. Tags of every resource.')
param tags named = {}

// Neighbours within one jurisdiction. Where yours has none here, say where copies may be.
var neighbours = {
  centralus: 'eastus2'
  eastus2: 'centralus'
  francecentral: 'westeurope'
  germanywestcentral: 'westeurope'
  northeurope: 'westeurope'
  swedencentral: 'northeurope'
  westeurope: 'northeurope'
  westus2: 'westus3'
  westus3: 'westus2'
}
var otherLocation = empty(secondLocation) ? neighbours[location] : secondLocation

var portalHost = 'portal.${domain}'
var token = uniqueString(subscription().id, environmentName, location)
var allTags = union(tags, { 'azd-env-name': environmentName })

// Every name comes from here.
var names = {
  group: 'rg-${environmentName}'
  otherGroup: 'rg-${environmentName}-second'
  identity: 'id-${token}'
  frontDoorIdentity: 'id-fd-${token}'
  workspace: 'log-${token}'
  insights: 'appi-${token}'
  vault: 'kv-${token}'
  certificates: 'kv-tls-${token}'
  documents: 'cosmos-${token}'
  database: 'drawbridge'
  backups: 'stbak${token}'
  backupContainer: 'backups'
  relay: 'relay-${token}'
  standbyRelay: 'relay-second-${token}'
  wakeUp: 'wps-${token}'
  communication: 'acs-${token}'
  email: 'acs-mail-${token}'
  frontDoor: 'afd-${token}'
  portalFirewall: 'wafportal${token}'
  shareFirewall: 'wafshare${token}'
  actionGroup: 'ag-${token}'
}

var stamps = [
  {
    location: location
    group: names.group
    primary: true
    network: 'vnet-${token}'
    hostStorage: 'stfn1${token}'
    plan: 'plan-${token}'
    app: 'func-${token}'
    service: 'functions'
  }
  {
    location: otherLocation
    group: names.otherGroup
    primary: false
    network: 'vnet-second-${token}'
    hostStorage: 'stfn2${token}'
    plan: 'plan-second-${token}'
    app: 'func-second-${token}'
    service: 'functions-second'
  }
]
var usedStamps = secondRegion ? stamps : take(stamps, 1)
var networkStamps = privateNetwork ? usedStamps : []

// Backup and drill run once, not once a region.
var notInSecondRegion = {
  'AzureWebJobs.backup.Disabled': 'true'
  'AzureWebJobs.drill.Disabled': 'true'
}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: names.group
  location: location
  tags: allTags
}

// Private DNS zones of one name cannot be twice in one group, and each region needs its own.
resource otherGroup 'Microsoft.Resources/resourceGroups@2025-04-01' = if (secondRegion && privateNetwork) {
  name: names.otherGroup
  location: otherLocation
  tags: allTags
}

module identities 'modules/identities.bicep' = {
  scope: group
  params: {
    location: location
    serviceName: names.identity
    frontDoorName: names.frontDoorIdentity
    tags: allTags
  }
}

module monitor 'modules/monitor.bicep' = {
  scope: group
  params: {
    location: location
    workspaceName: names.workspace
    insightsName: names.insights
    tags: allTags
  }
}

module vault 'modules/vault.bicep' = {
  scope: group
  params: {
    location: location
    name: names.vault
    privateNetwork: privateNetwork
    lock: lock
    workspaceId: monitor.outputs.workspaceId
    tags: allTags
  }
}

// Front Door reads certificates, as a trusted service past the firewall. It cannot read the secrets of the service.
module certificates 'modules/vault.bicep' = {
  scope: group
  params: {
    location: location
    name: names.certificates
    privateNetwork: privateNetwork
    lock: lock
    workspaceId: monitor.outputs.workspaceId
    tags: allTags
  }
}

module documents 'modules/cosmos.bicep' = {
  scope: group
  params: {
    location: location
    secondLocation: otherLocation
    name: names.documents
    databaseName: names.database
    throughput: documentThroughput
    privateNetwork: privateNetwork
    lock: lock
    workspaceId: monitor.outputs.workspaceId
    tags: allTags
  }
}

module backups 'modules/storage.bicep' = {
  scope: group
  params: {
    location: location
    name: names.backups
    sku: 'Standard_RAGZRS'
    containerName: names.backupContainer
    immutableDays: 90
    immutabilityLocked: backupsLocked
    privateNetwork: privateNetwork
    lock: lock
    workspaceId: monitor.outputs.workspaceId
    tags: allTags
  }
}

module hostStorages 'modules/storage.bicep' = [for stamp in usedStamps: {
  scope: group
  params: {
    location: stamp.location
    name: stamp.hostStorage
    sku: 'Standard_ZRS'
    containerName: 'package'
    immutableDays: 0
    immutabilityLocked: false
    privateNetwork: privateNetwork
    lock: false
    workspaceId: monitor.outputs.workspaceId
    tags: allTags
  }
}]

module relay 'modules/relay.bicep' = {
  scope: group
  params: {
    location: location
    name: names.relay
    vaultName: names.vault
    workspaceId: monitor.outputs.workspaceId
    tags: allTags
  }
  dependsOn: [
    vault
  ]
}

// Costs nothing while nobody listens. `npm run secrets` gives it the key of the other, so that a failover changes no
// secret: docs/region-failover.md.
module standbyRelay 'modules/relay.bicep' = if (secondRegion) {
  scope: group
  params: {
    location: otherLocation
    name: names.standbyRelay
    vaultName: ''
    workspaceId: monitor.outputs.workspaceId
    tags: allTags
  }
}

module wakeUp 'modules/web-pubsub.bicep' = {
  scope: group
  params: {
    location: location
    name: names.wakeUp
    sku: wakeUpSku
    units: wakeUpUnits
    privateNetwork: privateNetwork
    workspaceId: monitor.outputs.workspaceId
    tags: allTags
  }
}

module communication 'modules/communication.bicep' = {
  scope: group
  params: {
    name: names.communication
    emailName: names.email
    geography: mailGeography
    mailDomain: mailDomain
    mailDomainVerified: mailDomainVerified
    workspaceId: monitor.outputs.workspaceId
    tags: allTags
  }
}

module roles 'modules/roles.bicep' = {
  scope: group
  params: {
    serviceName: names.identity
    servicePrincipalId: identities.outputs.servicePrincipalId
    frontDoorName: names.frontDoorIdentity
    frontDoorPrincipalId: identities.outputs.frontDoorPrincipalId
    vaultName: names.vault
    certificatesName: names.certificates
    documentsName: names.documents
    backupsName: names.backups
    backupContainerName: names.backupContainer
    hostStorageName: stamps[0].hostStorage
    withSecond: secondRegion
    secondHostStorageName: stamps[1].hostStorage
    relayName: names.relay
    standbyRelayName: names.standbyRelay
    wakeUpName: names.wakeUp
    communicationName: names.communication
    insightsName: names.insights
  }
  dependsOn: [
    vault
    certificates
    documents
    backups
    hostStorages
    relay
    standbyRelay
    wakeUp
    communication
  ]
}

module networks 'modules/network.bicep' = [for (stamp, index) in networkStamps: {
  scope: resourceGroup(stamp.group)
  params: {
    location: stamp.location
    name: stamp.network
    documentsName: names.documents
    documentsId: documents.outputs.id
    vaultName: names.vault
    vaultId: vault.outputs.id
    backupsName: names.backups
    backupsId: backups.outputs.id
    hostStorageName: stamp.hostStorage
    hostStorageId: hostStorages[index].outputs.id
    wakeUpName: names.wakeUp
    wakeUpId: wakeUp.outputs.id
    workspaceId: monitor.outputs.workspaceId
    tags: allTags
  }
  dependsOn: [
    group
    otherGroup
  ]
}]

module frontDoor 'modules/front-door.bicep' = {
  scope: group
  params: {
    name: names.frontDoor
    portalFirewallName: names.portalFirewall
    shareFirewallName: names.shareFirewall
    identityId: identities.outputs.frontDoorId
    portalHost: portalHost
    shareDomain: shareDomain
    shareCertificate: shareCertificate
    certificatesName: names.certificates
    workspaceId: monitor.outputs.workspaceId
    tags: allTags
  }
  dependsOn: [
    roles
  ]
}

module apps 'modules/function-app.bicep' = [for (stamp, index) in usedStamps: {
  scope: group
  params: {
    location: stamp.location
    planName: stamp.plan
    name: stamp.app
    serviceTag: stamp.service
    hostStorageName: stamp.hostStorage
    packageContainerName: 'package'
    identityId: identities.outputs.serviceId
    identityClientId: identities.outputs.serviceClientId
    frontDoorId: frontDoor.outputs.frontDoorId
    subnetId: privateNetwork ? networks[index].outputs.functionSubnetId : ''
    mostInstances: mostInstances
    deployFrom: deployFrom
    settings: union(
      settings,
      empty(smsFrom) ? {} : { SMS_FROM: smsFrom },
      stamp.primary ? {} : notInSecondRegion,
      {
        APPLICATIONINSIGHTS_CONNECTION_STRING: monitor.outputs.connectionString
        APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identities.outputs.serviceClientId};Authorization=AAD'
        AZURE_CLIENT_ID: identities.outputs.serviceClientId
        BACKUP_CONTAINER_URL: '${backups.outputs.blobEndpoint}${names.backupContainer}'
        COMMUNICATION_ENDPOINT: communication.outputs.endpoint
        COSMOS_DATABASE: names.database
        COSMOS_ENDPOINT: documents.outputs.endpoint
        FRONT_DOOR_ID: frontDoor.outputs.frontDoorId
        KEY_VAULT_URL: vault.outputs.url
        MAIL_FROM: communication.outputs.mailFrom
        PUBLIC_ORIGIN: 'https://${portalHost}'
        RELAY_ENDPOINT: 'https://${relay.outputs.host}'
        RELAY_RESOURCE_ID: relay.outputs.id
        SHARE_DOMAIN: shareDomain
        WEB_PUBSUB_ENDPOINT: 'https://${wakeUp.outputs.host}'
      }
    )
    workspaceId: monitor.outputs.workspaceId
    tags: allTags
  }
  dependsOn: [
    roles
  ]
}]

module routes 'modules/front-door-routes.bicep' = {
  scope: group
  params: {
    frontDoorName: names.frontDoor
    endpointName: names.frontDoor
    portalDomainId: frontDoor.outputs.portalDomainId
    shareDomainId: frontDoor.outputs.shareDomainId
    withShares: !empty(shareCertificate)
    app: stamps[0].app
    appHost: apps[0].outputs.host
    withSecond: secondRegion
    secondApp: stamps[1].app
    secondAppHost: secondRegion ? apps[1].outputs.host : ''
  }
}

module dns 'modules/dns.bicep' = if (hostDns) {
  scope: group
  params: {
    domain: domain
    withShares: !empty(shareCertificate) && endsWith(shareDomain, '.${domain}')
    shareLabel: replace(shareDomain, '.${domain}', '')
    frontDoorHost: frontDoor.outputs.host
    portalValidation: frontDoor.outputs.portalValidation
    shareValidation: frontDoor.outputs.shareValidation
    tags: allTags
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    location: location
    actionGroupName: names.actionGroup
    emails: alertEmails
    portalHost: portalHost
    workspaceId: monitor.outputs.workspaceId
    insightsId: monitor.outputs.insightsId
    frontDoorId: frontDoor.outputs.id
    documentsId: documents.outputs.id
    vaultId: vault.outputs.id
    tags: allTags
  }
}

@description('The portal, and issuer of the credentials of gateways.')
output PUBLIC_ORIGIN string = 'https://${portalHost}'

@description('What the firewall of a customer has to allow, all of it outbound TCP 443, with the Azure service tag of its addresses.')
output FIREWALL_ENDPOINTS endpoints = {
  portal: '${portalHost} (AzureFrontDoor.Frontend)'
  relay: '${relay.outputs.host} (ServiceBus.${location})'
  rendezvous: '*.servicebus.windows.net (ServiceBus.${location})'
  wakeUp: '${wakeUp.outputs.host} (AzureWebPubSub)'
}

@description('Where the records of portal and shares lead.')
output FRONT_DOOR_HOST string = frontDoor.outputs.host

@description('Value of the TXT record _dnsauth of the portal.')
output PORTAL_VALIDATION string = frontDoor.outputs.portalValidation

@description('Value of the TXT record _dnsauth of the shares.')
output SHARE_VALIDATION string = frontDoor.outputs.shareValidation

@description('Name servers of the zone of this environment, by commas; empty if it has none.')
output NAME_SERVERS string = hostDns ? dns!.outputs.nameServers : ''

@description('Where the hooks make secrets.')
output KEY_VAULT_RESOURCE_ID string = vault.outputs.id

@description('Whose listening key the hooks can renew.')
output RELAY_RESOURCE_ID string = relay.outputs.id

@description('The relay of the second region, which the hooks give the same key; empty if there is none.')
output STANDBY_RELAY_RESOURCE_ID string = secondRegion ? standbyRelay!.outputs.id : ''

@description('Vault that the certificate of the shares goes to.')
output CERTIFICATE_VAULT string = names.certificates

@description('Group of the function apps.')
output AZURE_RESOURCE_GROUP string = names.group

@description('The function app of the first region.')
output FUNCTION_APP string = stamps[0].app

@description('That of the second region; if there is none, the first once more: azd asks for a name for each service.')
output SECOND_FUNCTION_APP string = secondRegion ? stamps[1].app : stamps[0].app
