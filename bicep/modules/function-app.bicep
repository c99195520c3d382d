metadata description = 'The service in one region: Functions on Flex Consumption. It answers its Front Door alone, and has no keys.'

// Names with texts.
type named = {}

@description('Required. Region.')
param location string

@description('Required. Name of the plan.')
param planName string

@description('Required. Name of the function app.')
param name string

@description('Required. Name of the service in azure.yaml that is deployed here.')
param serviceTag string

@description('Required. Storage of the Functions host.')
param hostStorageName string

@description('Required. Container of the deployed package.')
param packageContainerName string

@description('Required. Resource id of the identity.')
param identityId string

@description('Required. Its client id.')
param identityClientId string

@description('Required. Id of the Front Door that may ask.')
param frontDoorId string

@description('Required. Subnet that it goes out through; empty for none.')
param subnetId string

@description('Required. Most instances.')
param mostInstances int

@description('Required. Addresses (CIDR) that code may be deployed from, by commas; empty for any.')
param deployFrom string

@description('Required. Settings of the service.')
param settings named

@description('Required. Workspace of the logs.')
param workspaceId string

@description('Required. Tags.')
param tags named

var hostSettings = {
  AzureWebJobsStorage__accountName: hostStorageName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
}

resource hostStorage 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: hostStorageName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    reserved: true
    zoneRedundant: true
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': serviceTag })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    outboundVnetRouting: empty(subnetId) ? null : { allTraffic: true }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostStorage.properties.primaryEndpoints.blob}${packageContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'node'
        version: '24'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: mostInstances
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      remoteDebuggingEnabled: false
      // All Front Doors of Azure share these addresses, so the id counts as well; the service looks at it once more.
      ipSecurityRestrictions: [
        {
          name: 'front-door'
          priority: 100
          action: 'Allow'
          tag: 'ServiceTag'
          ipAddress: 'AzureFrontDoor.Backend'
          headers: {
            'x-azure-fdid': [frontDoorId]
          }
        }
      ]
      ipSecurityRestrictionsDefaultAction: 'Deny'
      // Deployment asks Entra ID in any case: basic authentication is off below.
      scmIpSecurityRestrictionsUseMain: false
      scmIpSecurityRestrictions: [for (address, index) in (empty(deployFrom) ? [] : split(deployFrom, ',')): {
        name: 'deploy-${index}'
        priority: 100 + index
        action: 'Allow'
        ipAddress: address
      }]
      scmIpSecurityRestrictionsDefaultAction: empty(deployFrom) ? 'Allow' : 'Deny'
    }
  }
}

resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(settings, hostSettings)
}

resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource noDeploymentPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: app
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

output host string = app.properties.defaultHostName
