metadata description = 'A storage account with one container: no keys, nothing public, TLS 1.2. Immutable for a time where said so.'

// Names with texts.
type named = {}

@description('Required. Region.')
param location string

@description('Required. Name.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. Redundancy.')
@allowed(['Standard_RAGZRS', 'Standard_ZRS'])
param sku string

@description('Required. Its container.')
param containerName string

@description('Required. Days for which nobody can change or delete what was written, and after which it goes. 0: as usual.')
param immutableDays int

@description('Required. The immutability can only be extended.')
param immutabilityLocked bool

@description('Required. Reached from private endpoints alone.')
param privateNetwork bool

@description('Required. Locked against deletion.')
param lock bool

@description('Required. Workspace of the logs.')
param workspaceId string

@description('Required. Tags.')
param tags named

var immutable = immutableDays > 0

var immutability = {
  enabled: true
  immutabilityPolicy: {
    immutabilityPeriodSinceCreationInDays: immutableDays
    state: immutabilityLocked ? 'Locked' : 'Unlocked'
  }
}

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  // checkov:skip=CKV_AZURE_35: it cannot resolve privateNetwork; the resolved deployment is scanned as well
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    isLocalUserEnabled: false
    accessTier: 'Hot'
    encryption: {
      keySource: 'Microsoft.Storage'
      requireInfrastructureEncryption: true
      services: {
        blob: {
          enabled: true
          keyType: 'Account'
        }
      }
    }
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: privateNetwork ? 'Deny' : 'Allow'
    }
    // Of versions, not of blobs: the service may replace and prune, and what it replaced stays.
    immutableStorageWithVersioning: immutable ? immutability : null
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-08-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: immutable
    deleteRetentionPolicy: {
      enabled: true
      days: 30
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 30
    }
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01' = {
  parent: blobs
  name: containerName
  properties: {
    publicAccess: 'None'
  }
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-08-01' = if (immutable) {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'forget'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['blockBlob']
            }
            actions: {
              baseBlob: {
                delete: {
                  daysAfterModificationGreaterThan: immutableDays
                }
              }
              version: {
                delete: {
                  daysAfterCreationGreaterThan: immutableDays
                }
              }
            }
          }
        }
      ]
    }
  }
  dependsOn: [
    blobs
  ]
}

resource accountLock 'Microsoft.Authorization/locks@2020-05-01' = if (lock) {
  name: 'keep'
  scope: account
  properties: {
    level: 'CanNotDelete'
    notes: 'Backups.'
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: blobs
  properties: {
    workspaceId: workspaceId
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
output blobEndpoint string = account.properties.primaryEndpoints.blob
