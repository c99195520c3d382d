import { unless, type Invariant } from './deployed.ts';

/** What Azure allows, by type. */
const allowed: Readonly<Record<string, RegExp>> = {
  'Microsoft.Cdn/profiles': /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,258}[A-Za-z0-9])?$/,
  'Microsoft.Cdn/profiles/ruleSets': /^[A-Za-z][A-Za-z0-9]{0,259}$/,
  'Microsoft.Cdn/profiles/ruleSets/rules': /^[A-Za-z][A-Za-z0-9]{0,259}$/,
  'Microsoft.Communication/communicationServices': /^[A-Za-z0-9-]{1,63}$/,
  'Microsoft.DocumentDB/databaseAccounts': /^[a-z0-9][a-z0-9-]{1,42}[a-z0-9]$/,
  'Microsoft.KeyVault/vaults': /^[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]$/,
  'Microsoft.Network/FrontDoorWebApplicationFirewallPolicies': /^[A-Za-z][A-Za-z0-9]{0,127}$/,
  'Microsoft.Relay/namespaces': /^[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]$/,
  'Microsoft.SignalRService/webPubSub': /^[A-Za-z][A-Za-z0-9-]{1,61}[A-Za-z0-9]$/,
  'Microsoft.Storage/storageAccounts': /^[a-z0-9]{3,24}$/,
  'Microsoft.Web/sites': /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,58}[A-Za-z0-9])?$/,
};

export const nameInvariants: readonly Invariant[] = [
  {
    name: 'names are as Azure allows them',
    broken: ({ resources }) =>
      resources.flatMap(({ type, body, name }) => {
        const pattern = allowed[type];
        return unless(
          !pattern || (typeof body.name === 'string' && pattern.test(body.name)),
          `${type} cannot be called ${name}`,
        );
      }),
  },
];
