metadata description = 'Wake-ups: gateways hold a connection here, the service sends to one of them.'

// Names with texts.
type named = {}

@description('Required. Region.')
param location string

@description('Required. Name.')
param name string

@description('Required. Size.')
param sku string

@description('Required. Units.')
param units int

@description('Required. Sending is possible from private endpoints alone.')
param privateNetwork bool

@description('Required. Workspace of the logs.')
param workspaceId string

@description('Required. Tags.')
param tags named

resource service 'Microsoft.SignalRService/webPubSub@2024-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'WebPubSub'
  sku: {
    name: sku
    capacity: units
  }
  properties: {
    disableLocalAuth: true
    disableAadAuth: false
    // Gateways come from anywhere.
    publicNetworkAccess: 'Enabled'
    networkACLs: {
      // Of private endpoints.
      defaultAction: 'Allow'
      publicNetwork: {
        deny: privateNetwork ? ['ServerConnection', 'RESTAPI', 'Trace'] : ['ServerConnection', 'Trace']
      }
    }
    tls: {
      clientCertEnabled: false
    }
  }
}

resource hub 'Microsoft.SignalRService/webPubSub/hubs@2024-03-01' = {
  parent: service
  name: 'gateways'
  properties: {
    anonymousConnectPolicy: 'deny'
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: service
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

output id string = service.id
output host string = service.properties.hostName
