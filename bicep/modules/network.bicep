metadata description = 'The network of one region: the function app goes out through it, and the stores are reached in it alone.'

// Names with texts.
type named = {}

@description('Required. Region.')
param location string

@description('Required. Name.')
param name string

@description('Required. Account of the documents.')
param documentsName string

@description('Required. Its resource id.')
param documentsId string

@description('Required. Vault of the service.')
param vaultName string

@description('Required. Its resource id.')
param vaultId string

@description('Required. Account of the backups.')
param backupsName string

@description('Required. Its resource id.')
param backupsId string

@description('Required. Account of the function host of this region.')
param hostStorageName string

@description('Required. Its resource id.')
param hostStorageId string

@description('Required. Web PubSub.')
param wakeUpName string

@description('Required. Its resource id.')
param wakeUpId string

@description('Required. Workspace of the logs.')
param workspaceId string

@description('Required. Tags.')
param tags named

var zoneNames = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  documents: 'privatelink.documents.azure.com'
  vault: 'privatelink.vaultcore.azure.net'
  wakeUp: 'privatelink.webpubsub.azure.com'
}
var zoneList = [zoneNames.blob, zoneNames.documents, zoneNames.vault, zoneNames.wakeUp]
var endpoints = [
  { name: documentsName, id: documentsId, member: 'Sql', zone: zoneNames.documents }
  { name: vaultName, id: vaultId, member: 'vault', zone: zoneNames.vault }
  { name: backupsName, id: backupsId, member: 'blob', zone: zoneNames.blob }
  { name: hostStorageName, id: hostStorageId, member: 'blob', zone: zoneNames.blob }
  { name: wakeUpName, id: wakeUpId, member: 'webpubsub', zone: zoneNames.wakeUp }
]
var functionAddresses = '10.60.0.0/26'

resource functionRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: '${name}-functions'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'nothing-comes-in'
        properties: {
          direction: 'Inbound'
          access: 'Deny'
          priority: 4096
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource endpointRules 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: '${name}-endpoints'
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'functions'
        properties: {
          direction: 'Inbound'
          access: 'Allow'
          priority: 100
          protocol: 'Tcp'
          sourceAddressPrefix: functionAddresses
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '443'
        }
      }
      {
        name: 'nothing-else'
        properties: {
          direction: 'Inbound'
          access: 'Deny'
          priority: 4096
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: ['10.60.0.0/24']
    }
  }
}

resource functionSubnet 'Microsoft.Network/virtualNetworks/subnets@2025-05-01' = {
  parent: network
  name: 'functions'
  properties: {
    addressPrefix: functionAddresses
    networkSecurityGroup: {
      id: functionRules.id
    }
    delegations: [
      {
        name: 'flex-consumption'
        properties: {
          serviceName: 'Microsoft.App/environments'
        }
      }
    ]
  }
}

resource endpointSubnet 'Microsoft.Network/virtualNetworks/subnets@2025-05-01' = {
  parent: network
  name: 'endpoints'
  properties: {
    addressPrefix: '10.60.0.64/27'
    networkSecurityGroup: {
      id: endpointRules.id
    }
    privateEndpointNetworkPolicies: 'NetworkSecurityGroupEnabled'
    defaultOutboundAccess: false
  }
  // One change of a network at a time.
  dependsOn: [
    functionSubnet
  ]
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [for zone in zoneList: {
  name: zone
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (zone, index) in zoneList: {
  parent: zones[index]
  name: replace(zone, '.', '-')
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network.id
    }
  }
}]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2025-05-01' = [for endpoint in endpoints: {
  name: 'pe-${endpoint.name}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: endpointSubnet.id
    }
    customNetworkInterfaceName: 'nic-${endpoint.name}'
    privateLinkServiceConnections: [
      {
        name: endpoint.name
        properties: {
          privateLinkServiceId: endpoint.id
          groupIds: [endpoint.member]
        }
      }
    ]
  }
}]

resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [for (endpoint, index) in endpoints: {
  parent: privateEndpoints[index]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: replace(endpoint.zone, '.', '-')
        properties: {
          privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', endpoint.zone)
        }
      }
    ]
  }
  dependsOn: [
    zones
  ]
}]

resource networkDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: network
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

resource functionRuleDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: functionRules
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

resource endpointRuleDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: endpointRules
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

output functionSubnetId string = functionSubnet.id
