import { auditActions } from '../../../shared/audit/audit-actions.ts';
import { measureNames, metricNames } from '../../../shared/telemetry/telemetry.ts';
import {
  at,
  differences,
  list,
  object,
  textOf,
  unless,
  type Deployment,
  type Invariant,
} from './deployed.ts';
import type { Resource } from '../language/resource.ts';

/** Types that have logs of their own. */
const logged = [
  'Microsoft.Cdn/profiles',
  'Microsoft.Communication/communicationServices',
  'Microsoft.DocumentDB/databaseAccounts',
  'Microsoft.EventGrid/systemTopics',
  'Microsoft.KeyVault/vaults',
  'Microsoft.Network/networkSecurityGroups',
  'Microsoft.Network/virtualNetworks',
  'Microsoft.OperationalInsights/workspaces',
  'Microsoft.Relay/namespaces',
  'Microsoft.SignalRService/webPubSub',
  'Microsoft.Storage/storageAccounts/blobServices',
  'Microsoft.Web/sites',
];
/** Types that have none, or whose logs are those of another: a new type must be put into one of the lists. */
const notLogged = [
  // It writes to the workspace by itself; a setting would do so twice.
  'Microsoft.Insights/components',
  // Its logs are those of the profile.
  'Microsoft.Network/FrontDoorWebApplicationFirewallPolicies',
  // Its logs are those of the service it is linked to.
  'Microsoft.Communication/emailServices',
  // Metrics only; its blobs are logged.
  'Microsoft.Storage/storageAccounts',
  // Metrics only.
  'Microsoft.Web/serverfarms',
  'Microsoft.Network/dnsZones',
  'Microsoft.Network/privateDnsZones',
  'Microsoft.Network/privateEndpoints',
  // Nothing at all.
  'Microsoft.Authorization/locks',
  'Microsoft.Authorization/roleAssignments',
  'Microsoft.Authorization/roleDefinitions',
  'Microsoft.Insights/actionGroups',
  'Microsoft.Insights/diagnosticSettings',
  'Microsoft.Insights/metricAlerts',
  'Microsoft.Insights/scheduledQueryRules',
  'Microsoft.Insights/webtests',
  'Microsoft.ManagedIdentity/userAssignedIdentities',
  'Microsoft.Resources/resourceGroups',
];

const topLevel = ({ type }: Resource) => type.split('/').length === 2;

const alertNames = [
  'backup-failed',
  'documents-throttled',
  'drill-failed',
  'errors',
  'renewals-failed',
  'unavailable',
  'vault-throttled',
];

const alertsOf = (deployment: Deployment) => [
  ...deployment.of('Microsoft.Insights/metricAlerts'),
  ...deployment.of('Microsoft.Insights/scheduledQueryRules'),
];

const namesTold: readonly string[] = [...metricNames, ...measureNames, ...auditActions];

/** Ids of the action groups that an alert tells. */
const told = (alert: Resource): string[] => [
  ...list(at(alert, 'properties.actions')).map((action) => textOf(object(action).actionGroupId)),
  ...list(at(alert, 'properties.actions.actionGroups')).map(textOf),
];

export const operationInvariants: readonly Invariant[] = [
  {
    name: 'logs, metrics and traces are written by identity alone',
    broken: (deployment) => [
      ...differences(deployment.one('Microsoft.Insights/components'), {
        'properties.DisableLocalAuth': true,
        'properties.WorkspaceResourceId': deployment.one('Microsoft.OperationalInsights/workspaces').id,
        'properties.DisableIpMasking': false,
      }),
      ...differences(deployment.one('Microsoft.OperationalInsights/workspaces'), {
        'properties.features.disableLocalAuth': true,
      }),
      ...deployment
        .of('Microsoft.Web/sites/config')
        .flatMap((settings) =>
          unless(
            textOf(at(settings, 'properties.APPLICATIONINSIGHTS_AUTHENTICATION_STRING')).endsWith(
              ';Authorization=AAD',
            ),
            'functions write telemetry otherwise',
          ),
        ),
    ],
  },
  {
    name: 'everything that has logs sends all of them to the workspace',
    broken: (deployment) => {
      const workspace = deployment.one('Microsoft.OperationalInsights/workspaces').id;
      return deployment.resources.flatMap((resource) => {
        if (!logged.includes(resource.type)) {
          const known = notLogged.includes(resource.type) || !topLevel(resource);
          return unless(known, `${resource.type} is in neither list of invariants/operations.ts`);
        }
        const settings = deployment.extensionsOf(resource, 'Microsoft.Insights/diagnosticSettings');
        return unless(
          settings.some(
            (each) =>
              textOf(at(each, 'properties.workspaceId')) === workspace &&
              at(each, 'properties.logs.0.categoryGroup') === 'allLogs' &&
              at(each, 'properties.logs.0.enabled') === true,
          ),
          `${resource.name} (${resource.type}) keeps its logs to itself`,
        );
      });
    },
  },
  {
    name: 'somebody is told of each thing that can go wrong',
    broken: (deployment) => {
      const group = deployment.one('Microsoft.Insights/actionGroups');
      const alerts = alertsOf(deployment);
      const emails = textOf(deployment.parameters.alertEmails).split(',').filter(Boolean);
      return [
        ...unless(
          alerts
            .map(({ name }) => name)
            .sort()
            .join() === alertNames.join(),
          `alerts are ${alerts
            .map(({ name }) => name)
            .sort()
            .join()}`,
        ),
        ...alerts.flatMap((alert) => [
          ...differences(alert, { 'properties.enabled': true }),
          ...unless(told(alert).join() === group.id, `nobody is told of ${alert.name}`),
          ...unless(
            textOf(at(alert, 'properties.description')).length > 20,
            `${alert.name} does not say what it is about`,
          ),
        ]),
        ...differences(group, {
          'properties.enabled': true,
          'properties.armRoleReceivers.0.roleId': '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
        }),
        ...unless(
          list(at(group, 'properties.emailReceivers'))
            .map((each) => textOf(object(each).emailAddress))
            .join() === emails.join(),
          'an address is not told',
        ),
      ];
    },
  },
  {
    name: 'alerts ask what they are named for',
    broken: (deployment) => {
      const asked = (name: string, path: string) => {
        const alert = alertsOf(deployment).find((each) => each.name === name);
        return alert ? at(alert, `properties.criteria.${path}`) : undefined;
      };
      const query = (name: string) => textOf(asked(name, 'allOf.0.query'));
      const test = deployment.one('Microsoft.Insights/webtests');
      return [
        ...differences(test, {
          'properties.Enabled': true,
          'properties.Request.RequestUrl': 'https://portal.bridge.example.com/api/health',
          'properties.ValidationRules.ExpectedHttpStatusCode': 200,
          'properties.ValidationRules.SSLCheck': true,
        }),
        ...unless(list(at(test, 'properties.Locations')).length >= 5, 'it is asked from too few places'),
        ...unless(asked('unavailable', 'webTestId') === test.id, 'availability is not looked at'),
        ...unless(asked('errors', 'allOf.0.metricName') === 'Percentage5XX', '5xx are not counted'),
        ...unless(
          list(asked('documents-throttled', 'allOf.0.dimensions.0.values')).map(textOf).join() === '429',
          'throttled requests are not counted',
        ),
        ...unless(
          list(asked('vault-throttled', 'allOf.0.dimensions.0.values')).map(textOf).join() === '429',
          'throttled requests are not counted',
        ),
        ...unless(
          /"drawbridge\.backup\.age" and Min < 18000$/.test(query('backup-failed')) &&
            asked('backup-failed', 'allOf.0.operator') === 'LessThan',
          'the age of backups is not looked at',
        ),
        ...unless(
          /action\) == "drill\.failed"$/.test(query('drill-failed')),
          'failed drills are not counted',
        ),
        ...unless(
          /action\) == "gateway\.renewal-refused"\) or .*function\) == "token" and toint\(Properties\.status\) >= 500\)$/.test(
            query('renewals-failed'),
          ),
          'failed renewals are not counted',
        ),
        // What the queries name is what the service tells.
        ...['backup-failed', 'drill-failed', 'renewals-failed'].flatMap((name) =>
          [...query(name).matchAll(/Name == "([\w.]+)"|action\) == "([\w.-]+)"/g)].flatMap(
            ([, metric, action]) =>
              unless(
                namesTold.includes(metric ?? action ?? ''),
                `${name} asks for ${metric ?? action}, which nobody tells`,
              ),
          ),
        ),
      ];
    },
  },
  {
    name: 'somebody is told before a secret expires',
    broken: (deployment) => {
      const topic = deployment.one('Microsoft.EventGrid/systemTopics');
      const subscription = deployment.one('Microsoft.EventGrid/systemTopics/eventSubscriptions');
      const vault = deployment.one('Microsoft.KeyVault/vaults', ({ name }) => !name.startsWith('kv-tls'));
      return [
        ...differences(topic, {
          'properties.source': vault.id,
          'properties.topicType': 'Microsoft.KeyVault.vaults',
        }),
        ...unless(
          list(at(subscription, 'properties.filter.includedEventTypes')).includes(
            'Microsoft.KeyVault.SecretNearExpiry',
          ),
          'nothing is told of secrets',
        ),
        ...differences(subscription, {
          'properties.destination.endpointType': 'MonitorAlert',
          'properties.destination.properties.actionGroups': [
            deployment.one('Microsoft.Insights/actionGroups').id,
          ],
        }),
      ];
    },
  },
  {
    name: 'the published list names every host that a gateway reaches',
    broken: (deployment) => {
      const { portal, relay, rendezvous, wakeUp } = object(deployment.outputs.FIREWALL_ENDPOINTS);
      const relayName = deployment.of('Microsoft.Relay/namespaces')[0]?.name;
      return [
        ...unless(textOf(portal).startsWith('portal.bridge.example.com '), 'the portal is missing'),
        ...unless(textOf(relay).startsWith(`${relayName}.servicebus.windows.net `), 'the relay is missing'),
        ...unless(textOf(rendezvous).startsWith('*.servicebus.windows.net '), 'the rendezvous is missing'),
        ...unless(textOf(wakeUp).includes('web-pubsub.service.properties.hostName'), 'wake-ups are missing'),
      ];
    },
  },
  {
    name: 'every resource says which environment it is of, and function apps which service',
    broken: (deployment) => [
      ...deployment.resources
        .filter(({ body }) => body.location !== undefined)
        .flatMap((resource) =>
          unless(object(at(resource, 'tags'))['azd-env-name'] === 'example', `${resource.origin} has no tag`),
        ),
      ...unless(
        deployment
          .of('Microsoft.Web/sites')
          .map((site) => textOf(object(at(site, 'tags'))['azd-service-name']))
          .join() === (deployment.on('secondRegion') ? 'functions,functions-second' : 'functions'),
        'a service of azure.yaml would not find its function app',
      ),
    ],
  },
];
