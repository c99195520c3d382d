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

const contributorOfCosmos = '00000000-0000-0000-0000-000000000002';

/** Every right there is: who, as what, of what. Whatever else a template grants breaks the invariant. */
const rights = (deployment: Deployment): string[] => [
  'service: Key Vault Secrets User of kv',
  'front door: Key Vault Secrets User of kv-tls',
  'service: Storage Blob Data Contributor of stbak/default/backups',
  'service: Storage Blob Data Owner of stfn1',
  ...(deployment.on('secondRegion') ? ['service: Storage Blob Data Owner of stfn2'] : []),
  ...(deployment.on('secondRegion') ? ['relay', 'relay-second'] : ['relay']).flatMap((relay) => [
    `service: Azure Relay Sender of ${relay}`,
    `service: relay connection maker of ${relay}`,
  ]),
  'service: Web PubSub Service Owner of wps',
  'service: Communication and Email Service Owner of acs',
  'service: Monitoring Metrics Publisher of appi',
];

const roleNames: Readonly<Record<string, string>> = {
  '4633458b-17de-408a-b874-0445c86b69e6': 'Key Vault Secrets User',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': 'Storage Blob Data Contributor',
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
  '26baccc8-eea7-41f1-98f4-1762cc7f685d': 'Azure Relay Sender',
  '12cf5a90-567b-43ae-8102-96cf46c7d9b4': 'Web PubSub Service Owner',
  '09976791-48a7-449e-bb21-39d1a415f350': 'Communication and Email Service Owner',
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
};

const principals: Readonly<Record<string, string>> = {
  'identities.service.properties.principalId': 'service',
  'identities.frontDoor.properties.principalId': 'front door',
};

function right(deployment: Deployment, assignment: Resource): string {
  const role = textOf(at(assignment, 'properties.roleDefinitionId'));
  const custom = deployment.of('Microsoft.Authorization/roleDefinitions').find(({ id }) => id === role);
  const who = principals[textOf(at(assignment, 'properties.principalId'))] ?? 'somebody else';
  const what = deployment.resources.find(({ id }) => id === assignment.scope);
  const token = deployment.one('Microsoft.DocumentDB/databaseAccounts').name.slice('cosmos-'.length);
  const where = what ? what.name.replace(token, '').replace(/-$/, '') : 'everything';
  return `${who}: ${custom ? 'relay connection maker' : (roleNames[role.split('/').at(-1) ?? ''] ?? role)} of ${where}`;
}

export const accessInvariants: readonly Invariant[] = [
  {
    name: 'the service and Front Door have the rights that are listed, on single resources, and nobody has others',
    broken: (deployment) => {
      const given = deployment
        .of('Microsoft.Authorization/roleAssignments')
        .map((each) => right(deployment, each));
      const wanted = rights(deployment);
      return [
        ...given.filter((each) => !wanted.includes(each)).map((each) => `too much: ${each}`),
        ...wanted.filter((each) => !given.includes(each)).map((each) => `missing: ${each}`),
        ...unless(given.length === wanted.length, 'a right is given twice'),
        ...deployment
          .of('Microsoft.Authorization/roleAssignments')
          .flatMap((each) => differences(each, { 'properties.principalType': 'ServicePrincipal' })),
      ];
    },
  },
  {
    name: 'of Cosmos DB the service has the data, and can change no database',
    broken: (deployment) => {
      const account = deployment.one('Microsoft.DocumentDB/databaseAccounts');
      const [assignment, more] = deployment.of('Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments');
      if (!assignment || more) return ['one assignment is wanted'];
      return [
        ...differences(assignment, {
          'properties.roleDefinitionId': `${account.id}/sqlRoleDefinitions/${contributorOfCosmos}`,
          'properties.scope': account.id,
        }),
        ...unless(
          textOf(at(assignment, 'properties.principalId')) === 'identities.service.properties.principalId',
          'it is for somebody else',
        ),
      ];
    },
  },
  {
    name: 'the one role of our own makes relay connections, and can do nothing else',
    broken: (deployment) => {
      const role = deployment.one('Microsoft.Authorization/roleDefinitions');
      return [
        ...differences(role, {
          'properties.permissions': [
            {
              actions: ['Microsoft.Relay/namespaces/hybridConnections/write'],
              notActions: [],
              dataActions: [],
              notDataActions: [],
            },
          ],
        }),
        ...unless(
          list(at(role, 'properties.assignableScopes')).every((scope) =>
            textOf(scope).includes('/resourceGroups/'),
          ),
          'it can be given outside of the group',
        ),
      ];
    },
  },
  {
    name: 'with a private network, the stores are reached in it alone, and in each region',
    broken: (deployment) => {
      const stores = [
        ...deployment.of('Microsoft.DocumentDB/databaseAccounts'),
        ...deployment.of('Microsoft.KeyVault/vaults'),
        ...deployment.of('Microsoft.Storage/storageAccounts'),
      ];
      const inNetwork = deployment.on('privateNetwork');
      const networks = deployment.of('Microsoft.Network/virtualNetworks');
      const reached = deployment
        .of('Microsoft.Network/privateEndpoints')
        .map((endpoint) =>
          textOf(at(endpoint, 'properties.privateLinkServiceConnections.0.properties.privateLinkServiceId')),
        );
      const regions = deployment.of('Microsoft.Web/sites').length;
      // Front Door alone reads certificates, as a trusted service.
      const times = ({ name }: Resource) =>
        name.startsWith('kv-tls') ? 0 : name.startsWith('stfn') ? 1 : regions;
      return [
        ...unless(networks.length === (inNetwork ? regions : 0), `${networks.length} networks`),
        ...stores.flatMap((store) =>
          differences(store, { 'properties.publicNetworkAccess': inNetwork ? 'Disabled' : 'Enabled' }),
        ),
        ...stores
          .filter((store) => at(store, 'properties.networkAcls') !== undefined)
          .flatMap((store) =>
            differences(store, { 'properties.networkAcls.defaultAction': inNetwork ? 'Deny' : 'Allow' }),
          ),
        ...(inNetwork ? stores : []).flatMap((store) => {
          const found = reached.filter((id) => id === store.id).length;
          return unless(found === times(store), `${store.name} has ${found} private endpoints`);
        }),
      ];
    },
  },
  {
    name: 'private endpoints have names in a zone of their region, and functions go out through the network',
    broken: (deployment) => [
      ...deployment.of('Microsoft.Network/privateEndpoints').flatMap((endpoint) => {
        const [group] = deployment
          .of('Microsoft.Network/privateEndpoints/privateDnsZoneGroups')
          .filter(({ id }) => id.startsWith(`${endpoint.id}/`));
        const zone =
          group && textOf(at(group, 'properties.privateDnsZoneConfigs.0.properties.privateDnsZoneId'));
        const there = deployment.of('Microsoft.Network/privateDnsZones').filter(({ id }) => id === zone);
        const linked = deployment
          .of('Microsoft.Network/privateDnsZones/virtualNetworkLinks')
          .filter(({ id }) => id.startsWith(`${zone}/`));
        const subnet = textOf(at(endpoint, 'properties.subnet.id'));
        return unless(
          there.length === 1 &&
            linked.length === 1 &&
            subnet.startsWith(textOf(at(linked[0]!, 'properties.virtualNetwork.id'))),
          `${endpoint.id} has no name in its network`,
        );
      }),
      ...deployment.of('Microsoft.Web/sites').flatMap((site, n) => {
        const subnets = deployment
          .of('Microsoft.Network/virtualNetworks/subnets')
          .filter(({ body }) => body.name === 'functions');
        return deployment.on('privateNetwork')
          ? differences(site, {
              'properties.virtualNetworkSubnetId': subnets[n]?.id ?? 'a subnet',
              'properties.outboundVnetRouting': { allTraffic: true },
            })
          : unless(
              at(site, 'properties.virtualNetworkSubnetId') === undefined,
              'functions go out through a network',
            );
      }),
    ],
  },
  {
    name: 'nothing comes into a subnet but functions to private endpoints',
    broken: (deployment) => [
      ...deployment.of('Microsoft.Network/virtualNetworks/subnets').flatMap((subnet) => {
        const rules = deployment
          .of('Microsoft.Network/networkSecurityGroups')
          .find(({ id }) => id === textOf(at(subnet, 'properties.networkSecurityGroup.id')));
        if (!rules) return [`${subnet.name} has no rules`];
        const allowed = list(at(rules, 'properties.securityRules'))
          .map((rule) => object(object(rule).properties))
          .filter(({ access, direction }) => access === 'Allow' && direction === 'Inbound')
          .map(
            ({ sourceAddressPrefix, destinationPortRange }) =>
              `${textOf(sourceAddressPrefix)}:${textOf(destinationPortRange)}`,
          );
        const last = list(at(rules, 'properties.securityRules'))
          .map((rule) => object(object(rule).properties))
          .at(-1);
        return [
          ...unless(
            last?.access === 'Deny' && last.sourceAddressPrefix === '*' && last.protocol === '*',
            `${subnet.name} lets the rest in`,
          ),
          ...unless(
            allowed.join() === (subnet.body.name === 'endpoints' ? '10.60.0.0/26:443' : ''),
            `${subnet.name} lets in ${allowed.join()}`,
          ),
        ];
      }),
      ...deployment
        .of('Microsoft.Network/virtualNetworks/subnets')
        .filter(({ body }) => body.name === 'endpoints')
        .flatMap((subnet) =>
          differences(subnet, { 'properties.privateEndpointNetworkPolicies': 'NetworkSecurityGroupEnabled' }),
        ),
    ],
  },
];
