metadata description = 'Who is told when something is wrong.'

// Names with texts.
type named = {}

@description('Required. Region.')
param location string

@description('Required. Name of the action group.')
param actionGroupName string

@description('Required. Addresses by commas, besides the owners of the subscription; empty for none.')
param emails string

@description('Required. Host of the portal.')
param portalHost string

@description('Required. Workspace of the logs.')
param workspaceId string

@description('Required. Application Insights.')
param insightsId string

@description('Required. Front Door.')
param frontDoorId string

@description('Required. Account of the documents.')
param documentsId string

@description('Required. Vault of the service.')
param vaultId string

@description('Required. Tags.')
param tags named

// Azure's role "Owner".
var owners = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'

// Of what the service counts and measures (README), which is never sampled, and of requests.
var logAlerts = [
  {
    name: 'backup-failed'
    description: 'In the last hour nobody saw a backup that was younger than five hours; one is made every four.'
    severity: 1
    query: 'AppMetrics | where Name == "drawbridge.backup.age" and Min < 18000'
    operator: 'LessThan'
    threshold: 1
    window: 'PT1H'
    frequency: 'PT30M'
  }
  {
    name: 'drill-failed'
    description: 'The weekly rehearsal of a restore failed: no backup is known to be good.'
    severity: 1
    query: 'AppMetrics | where Name == "drawbridge.events" and tostring(Properties.action) == "drill.failed"'
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT1H'
    frequency: 'PT1H'
  }
  {
    name: 'renewals-failed'
    description: 'Gateways asked for new credentials and were refused, or got an error of the service. They try again for days, so there is time, but not for ever.'
    severity: 2
    query: 'AppMetrics | where (Name == "drawbridge.events" and tostring(Properties.action) == "gateway.renewal-refused") or (Name == "drawbridge.requests" and tostring(Properties.function) == "token" and toint(Properties.status) >= 500)'
    operator: 'GreaterThan'
    threshold: 10
    window: 'PT15M'
    frequency: 'PT15M'
  }
]

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'drawbridge'
    enabled: true
    armRoleReceivers: [
      {
        name: 'owners'
        roleId: owners
        useCommonAlertSchema: true
      }
    ]
    emailReceivers: [for email in (empty(emails) ? [] : split(emails, ',')): {
      name: email
      emailAddress: email
      useCommonAlertSchema: true
    }]
  }
}

resource availabilityTest 'Microsoft.Insights/webtests@2022-06-15' = {
  name: 'availability-${actionGroupName}'
  location: location
  // So Application Insights finds it.
  tags: union(tags, { 'hidden-link:${insightsId}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: 'availability-${actionGroupName}'
    Name: 'availability of ${portalHost}'
    Enabled: true
    Frequency: 300
    Timeout: 30
    Kind: 'standard'
    RetryEnabled: true
    Locations: [
      { Id: 'emea-nl-ams-azr' }
      { Id: 'emea-gb-db3-azr' }
      { Id: 'us-va-ash-azr' }
      { Id: 'us-ca-sjc-azr' }
      { Id: 'apac-sg-sin-azr' }
    ]
    Request: {
      RequestUrl: 'https://${portalHost}/api/health'
      HttpVerb: 'GET'
      ParseDependentRequests: false
      FollowRedirects: false
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 14
    }
  }
}

resource availability 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: 'unavailable'
  location: 'global'
  tags: tags
  properties: {
    description: 'The service does not answer, or says that something it depends on fails, from two places of the world.'
    severity: 0
    enabled: true
    scopes: [
      availabilityTest.id
      insightsId
    ]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: availabilityTest.id
      componentId: insightsId
      failedLocationCount: 2
    }
    actions: [
      {
        actionGroupId: actionGroup.id
      }
    ]
  }
}

resource errors 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: 'errors'
  location: 'global'
  tags: tags
  properties: {
    description: 'More than one answer in twenty is a 5xx.'
    severity: 1
    enabled: true
    scopes: [
      frontDoorId
    ]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: '5xx'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'Percentage5XX'
          timeAggregation: 'Average'
          operator: 'GreaterThan'
          threshold: 5
        }
      ]
    }
    actions: [
      {
        actionGroupId: actionGroup.id
      }
    ]
  }
}

resource documentsThrottled 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: 'documents-throttled'
  location: 'global'
  tags: tags
  properties: {
    description: 'Cosmos DB turned requests away (429): raise documentThroughput.'
    severity: 2
    enabled: true
    scopes: [
      documentsId
    ]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: '429'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'TotalRequests'
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 100
          dimensions: [
            {
              name: 'StatusCode'
              operator: 'Include'
              values: ['429']
            }
          ]
        }
      ]
    }
    actions: [
      {
        actionGroupId: actionGroup.id
      }
    ]
  }
}

resource vaultThrottled 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: 'vault-throttled'
  location: 'global'
  tags: tags
  properties: {
    description: 'Key Vault turned requests away (429).'
    severity: 2
    enabled: true
    scopes: [
      vaultId
    ]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: '429'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'ServiceApiResult'
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 10
          dimensions: [
            {
              name: 'StatusCode'
              operator: 'Include'
              values: ['429']
            }
          ]
        }
      ]
    }
    actions: [
      {
        actionGroupId: actionGroup.id
      }
    ]
  }
}

resource logAlertRules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [for alert in logAlerts: {
  name: alert.name
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: alert.name
    description: alert.description
    severity: alert.severity
    enabled: true
    scopes: [
      workspaceId
    ]
    evaluationFrequency: alert.frequency
    windowSize: alert.window
    // The tables are there once the first run wrote to them.
    skipQueryValidation: true
    autoMitigate: true
    criteria: {
      allOf: [
        {
          query: alert.query
          timeAggregation: 'Count'
          operator: alert.operator
          threshold: alert.threshold
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: [
        actionGroup.id
      ]
    }
  }
}]

resource vaultEvents 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'vault-${actionGroupName}'
  location: location
  tags: tags
  properties: {
    source: vaultId
    topicType: 'Microsoft.KeyVault.vaults'
  }
}

resource secretNearExpiry 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: vaultEvents
  name: 'secret-near-expiry'
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: {
      includedEventTypes: ['Microsoft.KeyVault.SecretNearExpiry', 'Microsoft.KeyVault.SecretExpired']
    }
    destination: {
      endpointType: 'MonitorAlert'
      properties: {
        severity: 'Sev1'
        description: 'A secret of the service expires within 30 days: run the rotation.'
        actionGroups: [
          actionGroup.id
        ]
      }
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: vaultEvents
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
