metadata description = 'The way in: one Front Door with a host for the portal and one for each share, and a firewall before both.'

// Names with texts.
type named = {}

@description('Required. Name.')
param name string

@description('Required. Name of the firewall before the portal.')
param portalFirewallName string

@description('Required. Name of the firewall before the shares.')
param shareFirewallName string

@description('Required. Identity that reads the certificate.')
param identityId string

@description('Required. Host of the portal.')
param portalHost string

@description('Required. Domain below which each share has its host.')
param shareDomain string

@description('Required. Name of the certificate for the hosts of shares; empty while there is none.')
param shareCertificate string

@description('Required. Vault that it is in.')
param certificatesName string

@description('Required. Workspace of the logs.')
param workspaceId string

@description('Required. Tags.')
param tags named

var withShares = !empty(shareCertificate)

var sku = 'Premium_AzureFrontDoor'

// What a firewall sees of requests is secret or private: links with codes, passwords, dashboards.
var scrubbed = ['RequestUri', 'QueryStringArgNames', 'RequestHeaderNames', 'RequestCookieNames', 'RequestBodyPostArgNames', 'RequestBodyJsonArgNames']

var scrubbing = [for variable in scrubbed: { matchVariable: variable, selectorMatchOperator: 'EqualsAny', state: 'Enabled' }]

var firewallSettings = {
  enabledState: 'Enabled'
  mode: 'Prevention'
  requestBodyCheck: 'Enabled'
  logScrubbing: {
    state: 'Enabled'
    scrubbingRules: scrubbing
  }
}

var botRules = {
  ruleSetType: 'Microsoft_BotManagerRuleSet'
  ruleSetVersion: '1.1'
}

// Random or free text that rules mistake for attacks. The service checks each of these by itself.
var unchecked = [
  { matchVariable: 'RequestCookieNames', selectorMatchOperator: 'StartsWith', selector: '__Host-drawbridge' }
  { matchVariable: 'RequestHeaderNames', selectorMatchOperator: 'Equals', selector: 'authorization' }
  // Allowlists hold the calls of dashboards, queries and all.
  { matchVariable: 'RequestBodyJsonArgNames', selectorMatchOperator: 'EqualsAny', selector: '*' }
  { matchVariable: 'RequestBodyPostArgNames', selectorMatchOperator: 'Equals', selector: 'password' }
  { matchVariable: 'RequestBodyPostArgNames', selectorMatchOperator: 'Equals', selector: 'refresh_token' }
  { matchVariable: 'RequestBodyPostArgNames', selectorMatchOperator: 'Equals', selector: 'device_code' }
  { matchVariable: 'RequestBodyPostArgNames', selectorMatchOperator: 'Equals', selector: 'token' }
  { matchVariable: 'QueryStringArgNames', selectorMatchOperator: 'Equals', selector: 'path' }
  { matchVariable: 'QueryStringArgNames', selectorMatchOperator: 'Equals', selector: 'returnTo' }
]

resource profile 'Microsoft.Cdn/profiles@2025-06-01' = {
  name: name
  location: 'global'
  tags: tags
  sku: {
    name: sku
  }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    // Longer than the 60 seconds that the tunnel waits for a first byte; streams send a byte before that.
    originResponseTimeoutSeconds: 240
    logScrubbing: {
      state: 'Enabled'
      scrubbingRules: [
        { matchVariable: 'RequestUri', selectorMatchOperator: 'EqualsAny', state: 'Enabled' }
        { matchVariable: 'QueryStringArgNames', selectorMatchOperator: 'EqualsAny', state: 'Enabled' }
      ]
    }
  }
}

resource portalFirewall 'Microsoft.Network/FrontDoorWebApplicationFirewallPolicies@2025-10-01' = {
  name: portalFirewallName
  location: 'global'
  tags: tags
  sku: {
    name: sku
  }
  properties: {
    policySettings: firewallSettings
    managedRules: {
      managedRuleSets: [
        {
          ruleSetType: 'Microsoft_DefaultRuleSet'
          ruleSetVersion: '2.1'
          ruleSetAction: 'Block'
          exclusions: unchecked
        }
        botRules
      ]
    }
    customRules: {
      rules: [
        {
          // The Functions host's own, and the tunnel function, which has hosts of its own.
          name: 'NotFromOutside'
          priority: 10
          ruleType: 'MatchRule'
          action: 'Block'
          matchConditions: [
            {
              matchVariable: 'RequestUri'
              operator: 'RegEx'
              transforms: ['UrlDecode', 'Lowercase']
              matchValue: ['^https?://[^/]+/+(admin|runtime|share-origin)([/?#]|$)']
            }
          ]
        }
        {
          name: 'TooMany'
          priority: 20
          ruleType: 'RateLimitRule'
          action: 'Block'
          rateLimitDurationInMinutes: 5
          rateLimitThreshold: 5000
          groupBy: [
            { variableName: 'SocketAddr' }
          ]
          matchConditions: [
            {
              matchVariable: 'SocketAddr'
              operator: 'IPMatch'
              matchValue: ['0.0.0.0/0', '::/0']
            }
          ]
        }
      ]
    }
  }
}

// No default rules: each call of a share must be one its allowlist names, which no rule of a firewall knows better,
// and a dashboard that a rule mistakes for an attack could be freed by nobody.
resource shareFirewall 'Microsoft.Network/FrontDoorWebApplicationFirewallPolicies@2025-10-01' = {
  name: shareFirewallName
  location: 'global'
  tags: tags
  sku: {
    name: sku
  }
  properties: {
    policySettings: firewallSettings
    managedRules: {
      managedRuleSets: [
        botRules
      ]
    }
    customRules: {
      rules: [
        {
          name: 'TooMany'
          priority: 20
          ruleType: 'RateLimitRule'
          action: 'Block'
          rateLimitDurationInMinutes: 5
          rateLimitThreshold: 20000
          groupBy: [
            { variableName: 'SocketAddr' }
          ]
          matchConditions: [
            {
              matchVariable: 'SocketAddr'
              operator: 'IPMatch'
              matchValue: ['0.0.0.0/0', '::/0']
            }
          ]
        }
      ]
    }
  }
}

resource endpoint 'Microsoft.Cdn/profiles/afdEndpoints@2025-06-01' = {
  parent: profile
  name: name
  location: 'global'
  tags: tags
  properties: {
    enabledState: 'Enabled'
  }
}

resource portalDomain 'Microsoft.Cdn/profiles/customDomains@2025-06-01' = {
  parent: profile
  name: 'portal'
  properties: {
    hostName: portalHost
    tlsSettings: {
      certificateType: 'ManagedCertificate'
      minimumTlsVersion: 'TLS12'
      cipherSuiteSetType: 'TLS12_2023'
    }
  }
}

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' existing = {
  name: certificatesName
}

resource certificate 'Microsoft.Cdn/profiles/secrets@2025-06-01' = if (withShares) {
  parent: profile
  name: 'shares'
  properties: {
    parameters: {
      type: 'CustomerCertificate'
      useLatestVersion: true
      secretSource: {
        id: '${vault.id}/secrets/${shareCertificate}'
      }
    }
  }
}

resource shareDomains 'Microsoft.Cdn/profiles/customDomains@2025-06-01' = if (withShares) {
  parent: profile
  name: 'shares'
  properties: {
    hostName: '*.${shareDomain}'
    tlsSettings: {
      certificateType: 'CustomerCertificate'
      minimumTlsVersion: 'TLS12'
      cipherSuiteSetType: 'TLS12_2023'
      secret: {
        id: certificate.id
      }
    }
  }
}

resource portalProtection 'Microsoft.Cdn/profiles/securityPolicies@2025-06-01' = {
  parent: profile
  name: 'portal'
  properties: {
    parameters: {
      type: 'WebApplicationFirewall'
      wafPolicy: {
        id: portalFirewall.id
      }
      associations: [
        {
          domains: [
            { id: portalDomain.id }
          ]
          patternsToMatch: ['/*']
        }
      ]
    }
  }
}

resource shareProtection 'Microsoft.Cdn/profiles/securityPolicies@2025-06-01' = if (withShares) {
  parent: profile
  name: 'shares'
  properties: {
    parameters: {
      type: 'WebApplicationFirewall'
      wafPolicy: {
        id: shareFirewall.id
      }
      associations: [
        {
          domains: [
            { id: shareDomains.id }
          ]
          patternsToMatch: ['/*']
        }
      ]
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: profile
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

output id string = profile.id
output frontDoorId string = profile.properties.frontDoorId
output host string = endpoint.properties.hostName
output portalDomainId string = portalDomain.id
output portalValidation string = portalDomain.properties.validationProperties.validationToken
output shareDomainId string = withShares ? shareDomains.id : ''
output shareValidation string = withShares ? shareDomains!.properties.validationProperties.validationToken : ''
