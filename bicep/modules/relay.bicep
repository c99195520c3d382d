metadata description = 'A relay that gateways listen at and the tunnel function sends to.'

// Names with texts.
type named = {}

@description('Required. Region.')
param location string

@description('Required. Name.')
param name string

@description('Required. Name of the vault of the service, which gets the key of the listeners; empty for a relay that stands by.')
param vaultName string

@description('Required. Workspace of the logs.')
param workspaceId string

@description('Required. Tags.')
param tags named

// Gateways come from anywhere, so its network is public. The sender has a role; only listeners have SAS tokens, since
// they have no identity in Entra ID.
resource relay 'Microsoft.Relay/namespaces@2026-01-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: 'Standard'
    tier: 'Standard'
  }
  properties: {
    publicNetworkAccess: 'Enabled'
    minimumTlsVersion: '1.2'
  }
}

resource listen 'Microsoft.Relay/namespaces/authorizationRules@2026-01-01' = {
  parent: relay
  name: 'gateways-listen'
  properties: {
    rights: ['Listen']
  }
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = if (!empty(vaultName)) {
  name: vaultName
}

// Azure makes this key; it goes from one service to the other and through no parameter, output or machine of ours.
resource listenKey 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = if (!empty(vaultName)) {
  parent: vault
  // checkov:skip=CKV_AZURE_114: contentType is there; Checkov does not find it behind the condition.
  name: 'relay-listen-key'
  properties: {
    contentType: 'key of the relay rule gateways-listen, base64'
    value: listen.listKeys().primaryKey
    attributes: {
      enabled: true
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: relay
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

output id string = relay.id
output host string = '${name}.servicebus.windows.net'
