metadata description = 'E-mail and SMS.'

// Names with texts.
type named = {}

@description('Required. Name of Communication Services.')
param name string

@description('Required. Name of its e-mail.')
param emailName string

@description('Required. Geography of what is kept.')
param geography string

@description('Required. Domain that e-mails come from; empty for the one that Azure makes.')
param mailDomain string

@description('Required. The mail domain is verified.')
param mailDomainVerified bool

@description('Required. Workspace of the logs.')
param workspaceId string

@description('Required. Tags.')
param tags named

var ownDomain = !empty(mailDomain)
var sendFromOwn = ownDomain && mailDomainVerified

resource email 'Microsoft.Communication/emailServices@2025-09-01' = {
  name: emailName
  location: 'global'
  tags: tags
  properties: {
    dataLocation: geography
  }
}

resource azureDomain 'Microsoft.Communication/emailServices/domains@2025-09-01' = {
  parent: email
  name: 'AzureManagedDomain'
  location: 'global'
  tags: tags
  properties: {
    domainManagement: 'AzureManaged'
    userEngagementTracking: 'Disabled'
  }
}

resource customDomain 'Microsoft.Communication/emailServices/domains@2025-09-01' = if (ownDomain) {
  parent: email
  name: ownDomain ? mailDomain : 'none'
  location: 'global'
  tags: tags
  properties: {
    domainManagement: 'CustomerManaged'
    userEngagementTracking: 'Disabled'
  }
}

resource sender 'Microsoft.Communication/emailServices/domains/senderUsernames@2025-09-01' = if (sendFromOwn) {
  parent: customDomain
  name: 'no-reply'
  properties: {
    username: 'no-reply'
    displayName: 'Drawbridge'
  }
}

// Its network is public, since it has no private endpoints.
resource service 'Microsoft.Communication/communicationServices@2025-09-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    dataLocation: geography
    disableLocalAuth: true
    linkedDomains: [
      sendFromOwn ? customDomain.id : azureDomain.id
    ]
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

output endpoint string = 'https://${service.properties.hostName}'
output mailFrom string = sendFromOwn ? 'Drawbridge <no-reply@${mailDomain}>' : 'Drawbridge <DoNotReply@${azureDomain.properties.mailFromSenderDomain}>'
