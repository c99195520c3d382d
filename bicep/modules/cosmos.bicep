metadata description = 'The documents: two regions with zones, one of which is written to; any moment of the last 30 days can be restored.'

// Names with texts.
type named = {}

@description('Required. Region that is written to.')
param location string

@description('Required. Region that takes over.')
param secondLocation string

@description('Required. Name of the account.')
param name string

@description('Required. Name of the database.')
param databaseName string

@description('Required. Most request units a second of the containers that share them.')
param throughput int

@description('Required. Reached from private endpoints alone.')
param privateNetwork bool

@description('Required. Locked against deletion.')
param lock bool

@description('Required. Workspace of the logs.')
param workspaceId string

@description('Required. Tags.')
param tags named

// Written by `npm run containers`: what shared/store/cosmos-containers.ts wants.
var containers = loadJsonContent('../containers.json')

// Cosmos DB lets 25 containers share request units. These are asked most, so nobody else waits for them.
var ownThroughput = ['allowlists', 'audit', 'gateways', 'grants', 'meta', 'sessions', 'shares', 'systems', 'throttles']

resource account 'Microsoft.DocumentDB/databaseAccounts@2025-10-15' = {
  // checkov:skip=CKV_AZURE_101: it cannot resolve privateNetwork; the resolved deployment is scanned as well
  name: name
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    locations: [
      {
        locationName: location
        failoverPriority: 0
        isZoneRedundant: true
      }
      {
        locationName: secondLocation
        failoverPriority: 1
        isZoneRedundant: true
      }
    ]
    enableAutomaticFailover: true
    // Keys that may be used once, and two regions that both write, do not go together.
    enableMultipleWriteLocations: false
    // The smallest bounds that an account of two regions may have.
    consistencyPolicy: {
      defaultConsistencyLevel: 'BoundedStaleness'
      maxIntervalInSeconds: 300
      maxStalenessPrefix: 100000
    }
    backupPolicy: {
      type: 'Continuous'
      continuousModeProperties: {
        tier: 'Continuous30Days'
      }
    }
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    networkAclBypass: 'None'
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2025-10-15' = {
  parent: account
  name: databaseName
  properties: {
    resource: {
      id: databaseName
    }
    options: {
      autoscaleSettings: {
        maxThroughput: throughput
      }
    }
  }
}

@batchSize(4)
resource collections 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2025-10-15' = [for container in containers: {
  parent: database
  name: container.id
  properties: {
    resource: container
    options: contains(ownThroughput, container.id) ? { autoscaleSettings: { maxThroughput: 1000 } } : {}
  }
}]

resource accountLock 'Microsoft.Authorization/locks@2020-05-01' = if (lock) {
  name: 'keep'
  scope: account
  properties: {
    level: 'CanNotDelete'
    notes: 'Everything the service knows.'
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
    metrics: [
      {
        category: 'AllMetrics'
        enabled: true
      }
    ]
  }
}

output id string = account.id
output endpoint string = account.properties.documentEndpoint
