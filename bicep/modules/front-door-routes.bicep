metadata description = 'Where Front Door sends requests: the portal as they come, shares to the tunnel function. Nothing is cached.'

@description('Required. Front Door.')
param frontDoorName string

@description('Required. Its endpoint.')
param endpointName string

@description('Required. Resource id of the domain of the portal.')
param portalDomainId string

@description('Required. Resource id of the domain of the shares; empty while there is none.')
param shareDomainId string

@description('Required. Shares have hosts.')
param withShares bool

@description('Required. Name of the function app of the first region.')
param app string

@description('Required. Its host.')
param appHost string

@description('Required. There is one in a second region.')
param withSecond bool

@description('Required. Its name.')
param secondApp string

@description('Required. Its host; empty if there is none.')
param secondAppHost string

var origins = [
  { name: app, host: appHost }
  { name: secondApp, host: secondAppHost }
]

resource profile 'Microsoft.Cdn/profiles@2025-06-01' existing = {
  name: frontDoorName
}

resource endpoint 'Microsoft.Cdn/profiles/afdEndpoints@2025-06-01' existing = {
  parent: profile
  name: endpointName
}

resource apps 'Microsoft.Cdn/profiles/originGroups@2025-06-01' = {
  parent: profile
  name: 'functions'
  properties: {
    sessionAffinityState: 'Disabled'
    loadBalancingSettings: {
      sampleSize: 4
      successfulSamplesRequired: 3
      additionalLatencyInMilliseconds: 50
    }
    // Every edge location of Azure asks, and each answer costs a look at every dependency.
    healthProbeSettings: {
      probePath: '/api/health'
      probeRequestType: 'GET'
      probeProtocol: 'Https'
      probeIntervalInSeconds: 60
    }
  }
}

// The first region serves while it is well: the documents are written there.
resource appOrigins 'Microsoft.Cdn/profiles/originGroups/origins@2025-06-01' = [for (origin, index) in (withSecond ? origins : take(origins, 1)): {
  parent: apps
  name: origin.name
  properties: {
    hostName: origin.host
    originHostHeader: origin.host
    httpsPort: 443
    priority: index + 1
    weight: 1000
    enabledState: 'Enabled'
    enforceCertificateNameCheck: true
  }
}]

resource shareRules 'Microsoft.Cdn/profiles/ruleSets@2025-06-01' = {
  parent: profile
  name: 'shares'
}

// Which share it is, the function reads from X-Forwarded-Host, which Front Door sets.
resource toTunnel 'Microsoft.Cdn/profiles/ruleSets/rules@2025-06-01' = {
  parent: shareRules
  name: 'ToTunnel'
  properties: {
    order: 1
    matchProcessingBehavior: 'Continue'
    conditions: []
    actions: [
      {
        name: 'UrlRewrite'
        parameters: {
          typeName: 'DeliveryRuleUrlRewriteActionParameters'
          sourcePattern: '/'
          destination: '/share-origin/'
          preserveUnmatchedPath: true
        }
      }
    ]
  }
}

resource portalRoute 'Microsoft.Cdn/profiles/afdEndpoints/routes@2025-06-01' = {
  parent: endpoint
  name: 'portal'
  properties: {
    customDomains: [
      { id: portalDomainId }
    ]
    originGroup: {
      id: apps.id
    }
    supportedProtocols: ['Http', 'Https']
    httpsRedirect: 'Enabled'
    forwardingProtocol: 'HttpsOnly'
    patternsToMatch: ['/*']
    linkToDefaultDomain: 'Disabled'
    enabledState: 'Enabled'
  }
  dependsOn: [
    appOrigins
  ]
}

resource shareRoute 'Microsoft.Cdn/profiles/afdEndpoints/routes@2025-06-01' = if (withShares) {
  parent: endpoint
  name: 'shares'
  properties: {
    customDomains: [
      { id: shareDomainId }
    ]
    originGroup: {
      id: apps.id
    }
    ruleSets: [
      { id: shareRules.id }
    ]
    supportedProtocols: ['Http', 'Https']
    httpsRedirect: 'Enabled'
    forwardingProtocol: 'HttpsOnly'
    patternsToMatch: ['/*']
    linkToDefaultDomain: 'Disabled'
    enabledState: 'Enabled'
  }
  dependsOn: [
    appOrigins
    toTunnel
  ]
}
