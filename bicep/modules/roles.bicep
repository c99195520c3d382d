metadata description = 'Every right that anything here has. The service may use what it needs, and change nothing but relay connections.'

@description('Required. Name of the identity of the service, for stable names of its assignments.')
param serviceName string

@description('Required. Its principal.')
param servicePrincipalId string

@description('Required. Name of the identity of Front Door.')
param frontDoorName string

@description('Required. Its principal.')
param frontDoorPrincipalId string

@description('Required. Vault of the service.')
param vaultName string

@description('Required. Vault of the certificates.')
param certificatesName string

@description('Required. Account of the documents.')
param documentsName string

@description('Required. Account of the backups.')
param backupsName string

@description('Required. Their container.')
param backupContainerName string

@description('Required. Account of the function host of the first region.')
param hostStorageName string

@description('Required. There is one in a second region.')
param withSecond bool

@description('Required. Its account.')
param secondHostStorageName string

@description('Required. Relay.')
param relayName string

@description('Required. Relay of the second region.')
param standbyRelayName string

@description('Required. Web PubSub.')
param wakeUpName string

@description('Required. Communication Services.')
param communicationName string

@description('Required. Application Insights.')
param insightsName string

var hosts = [hostStorageName, secondHostStorageName]
var usedHosts = withSecond ? hosts : take(hosts, 1)
var relayNames = [relayName, standbyRelayName]
var usedRelays = withSecond ? relayNames : take(relayNames, 1)

var roleIds = {
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  azureRelaySender: '26baccc8-eea7-41f1-98f4-1762cc7f685d'
  webPubSubServiceOwner: '12cf5a90-567b-43ae-8102-96cf46c7d9b4'
  communicationAndEmailServiceOwner: '09976791-48a7-449e-bb21-39d1a415f350'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}
// Of Cosmos DB itself: data, and nothing of databases and containers.
var cosmosDataContributor = '00000000-0000-0000-0000-000000000002'

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: vaultName
}

resource certificates 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: certificatesName
}

resource documents 'Microsoft.DocumentDB/databaseAccounts@2025-10-15' existing = {
  name: documentsName
}

resource backups 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: backupsName
}

resource backupBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-08-01' existing = {
  parent: backups
  name: 'default'
}

resource backupContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01' existing = {
  parent: backupBlobs
  name: backupContainerName
}

resource hostStorages 'Microsoft.Storage/storageAccounts@2025-08-01' existing = [for name in usedHosts: {
  name: name
}]

resource relays 'Microsoft.Relay/namespaces@2026-01-01' existing = [for name in usedRelays: {
  name: name
}]

resource wakeUp 'Microsoft.SignalRService/webPubSub@2024-03-01' existing = {
  name: wakeUpName
}

resource communication 'Microsoft.Communication/communicationServices@2025-09-01' existing = {
  name: communicationName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource secretsUser 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, serviceName, roleIds.keyVaultSecretsUser)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.keyVaultSecretsUser)
    principalId: servicePrincipalId
    principalType: 'ServicePrincipal'
    description: 'The service reads its secrets, and makes none.'
  }
}

resource certificateUser 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(certificates.id, frontDoorName, roleIds.keyVaultSecretsUser)
  scope: certificates
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.keyVaultSecretsUser)
    principalId: frontDoorPrincipalId
    principalType: 'ServicePrincipal'
    description: 'Front Door reads the certificate of the shares, with its key.'
  }
}

resource documentsUser 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-10-15' = {
  parent: documents
  name: guid(documents.id, serviceName, cosmosDataContributor)
  properties: {
    roleDefinitionId: '${documents.id}/sqlRoleDefinitions/${cosmosDataContributor}'
    principalId: servicePrincipalId
    // The account: clients read its regions and consistency. It holds one database.
    scope: documents.id
  }
}

resource backupsUser 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(backupContainer.id, serviceName, roleIds.storageBlobDataContributor)
  scope: backupContainer
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.storageBlobDataContributor)
    principalId: servicePrincipalId
    principalType: 'ServicePrincipal'
    description: 'The service writes and reads backups.'
  }
}

resource hostStorageOwner 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (name, index) in usedHosts: {
  name: guid(hostStorages[index].id, serviceName, roleIds.storageBlobDataOwner)
  scope: hostStorages[index]
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.storageBlobDataOwner)
    principalId: servicePrincipalId
    principalType: 'ServicePrincipal'
    description: 'The Functions host reads the package in ${name} and keeps its locks there; it asks for this role.'
  }
}]

resource relaySender 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (name, index) in usedRelays: {
  name: guid(relays[index].id, serviceName, roleIds.azureRelaySender)
  scope: relays[index]
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.azureRelaySender)
    principalId: servicePrincipalId
    principalType: 'ServicePrincipal'
    description: 'The tunnel function sends through ${name}.'
  }
}]

// Azure's own roles that may make a connection may also list keys.
resource relayConnectionMaker 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'relay connection maker')
  properties: {
    roleName: 'Relay connection maker (${relayName})'
    description: 'Makes hybrid connections. Reads no key.'
    type: 'CustomRole'
    permissions: [
      {
        actions: ['Microsoft.Relay/namespaces/hybridConnections/write']
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
    assignableScopes: [resourceGroup().id]
  }
}

resource relayMaker 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (name, index) in usedRelays: {
  name: guid(relays[index].id, serviceName, relayConnectionMaker.name)
  scope: relays[index]
  properties: {
    roleDefinitionId: relayConnectionMaker.id
    principalId: servicePrincipalId
    principalType: 'ServicePrincipal'
    description: 'The service makes a hybrid connection for each system in ${name}.'
  }
}]

resource wakeUpSender 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(wakeUp.id, serviceName, roleIds.webPubSubServiceOwner)
  scope: wakeUp
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.webPubSubServiceOwner)
    principalId: servicePrincipalId
    principalType: 'ServicePrincipal'
    description: 'The service lets gateways connect and wakes them. There is no narrower role that sends.'
  }
}

resource mailSender 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(communication.id, serviceName, roleIds.communicationAndEmailServiceOwner)
  scope: communication
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.communicationAndEmailServiceOwner)
    principalId: servicePrincipalId
    principalType: 'ServicePrincipal'
    description: 'The service sends e-mails and SMS. There is no narrower role that sends.'
  }
}

resource metricsPublisher 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, serviceName, roleIds.monitoringMetricsPublisher)
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds.monitoringMetricsPublisher)
    principalId: servicePrincipalId
    principalType: 'ServicePrincipal'
    description: 'The service writes logs, metrics and traces.'
  }
}
