import { shareOriginPrefix } from '../../../functions/trigger/share-origin.ts';
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

const siteType = 'Microsoft.Web/sites';

const settingsOf = (deployment: Deployment, site: Resource) => {
  const [settings] = deployment.childrenOf(site, 'Microsoft.Web/sites/config');
  return settings ? object(at(settings, 'properties')) : {};
};

export const functionInvariants: readonly Invariant[] = [
  {
    name: 'functions run on Flex Consumption, in several zones, on Node 24',
    broken: (deployment) => [
      ...deployment.of('Microsoft.Web/serverfarms').flatMap((plan) =>
        differences(plan, {
          'sku.name': 'FC1',
          'sku.tier': 'FlexConsumption',
          'properties.zoneRedundant': true,
        }),
      ),
      ...deployment.of(siteType).flatMap((site) =>
        differences(site, {
          kind: 'functionapp,linux',
          'properties.functionAppConfig.runtime': { name: 'node', version: '24' },
        }),
      ),
    ],
  },
  {
    name: 'functions are one user-assigned identity, also towards their own storage',
    broken: (deployment) =>
      deployment.of(siteType).flatMap((site) => {
        const identity = deployment.one(
          'Microsoft.ManagedIdentity/userAssignedIdentities',
          ({ origin }) => origin === 'identities.service',
        );
        const settings = settingsOf(deployment, site);
        const storage = Object.keys(settings).filter((name) => name.startsWith('AzureWebJobsStorage'));
        return [
          ...differences(site, {
            'identity.type': 'UserAssigned',
            'identity.userAssignedIdentities': { [identity.id]: {} },
            'properties.keyVaultReferenceIdentity': identity.id,
            'properties.functionAppConfig.deployment.storage.authentication': {
              type: 'UserAssignedIdentity',
              userAssignedIdentityResourceId: identity.id,
            },
          }),
          ...unless(
            storage.sort().join() ===
              'AzureWebJobsStorage__accountName,AzureWebJobsStorage__clientId,AzureWebJobsStorage__credential',
            `${site.origin}: its storage is set by ${storage.join()}`,
          ),
          ...unless(
            settings.AzureWebJobsStorage__credential === 'managedidentity',
            'the host signs in to storage otherwise',
          ),
        ];
      }),
  },
  {
    name: 'functions are reached by TLS 1.2 alone, without FTP and remote debugging',
    broken: (deployment) =>
      deployment.of(siteType).flatMap((site) =>
        differences(site, {
          'properties.httpsOnly': true,
          'properties.siteConfig.minTlsVersion': '1.2',
          'properties.siteConfig.scmMinTlsVersion': '1.2',
          'properties.siteConfig.ftpsState': 'Disabled',
          'properties.siteConfig.remoteDebuggingEnabled': false,
        }),
      ),
  },
  {
    name: 'nobody deploys with a password',
    broken: (deployment) =>
      deployment.of(siteType).flatMap((site) => {
        const policies = deployment.childrenOf(
          site,
          'Microsoft.Web/sites/basicPublishingCredentialsPolicies',
        );
        const off = policies.filter((policy) => at(policy, 'properties.allow') === false);
        const names = off.map(({ body }) => textOf(body.name)).sort();
        return unless(
          names.join() === 'ftp,scm',
          `${site.origin}: passwords are off for ${names.join() || 'nothing'} only`,
        );
      }),
  },
  {
    name: 'functions answer their own Front Door and nobody else',
    broken: (deployment) =>
      deployment.of(siteType).flatMap((site) => {
        const [rule, ...more] = list(at(site, 'properties.siteConfig.ipSecurityRestrictions'));
        const { action, tag, ipAddress, headers } = object(rule);
        const [id] = list(object(headers)['x-azure-fdid']);
        const own = 'front-door.profile.properties.frontDoorId';
        return [
          ...differences(site, { 'properties.siteConfig.ipSecurityRestrictionsDefaultAction': 'Deny' }),
          ...unless(more.length === 0, `${site.origin}: more than one rule lets in`),
          ...unless(
            action === 'Allow' && tag === 'ServiceTag' && ipAddress === 'AzureFrontDoor.Backend',
            'others than Front Door are let in',
          ),
          ...unless(
            textOf(id) === own,
            `${site.origin}: lets in the Front Door ${textOf(id) || 'of anybody'}`,
          ),
          ...unless(
            textOf(settingsOf(deployment, site).FRONT_DOOR_ID) === own,
            `${site.origin}: FRONT_DOOR_ID is ${textOf(settingsOf(deployment, site).FRONT_DOOR_ID) || 'not set'}`,
          ),
        ];
      }),
  },
  {
    name: 'where addresses for deployment are given, no other deploys',
    broken: (deployment) =>
      deployment.of(siteType).flatMap((site) => {
        const given = textOf(deployment.parameters.deployFrom).split(',').filter(Boolean);
        const allowed = list(at(site, 'properties.siteConfig.scmIpSecurityRestrictions')).map((rule) =>
          textOf(object(rule).ipAddress),
        );
        return [
          ...unless(allowed.join() === given.join(), `${site.origin}: ${allowed.join()} may deploy`),
          ...differences(site, {
            'properties.siteConfig.scmIpSecurityRestrictionsUseMain': false,
            'properties.siteConfig.scmIpSecurityRestrictionsDefaultAction':
              given.length > 0 ? 'Deny' : 'Allow',
          }),
        ];
      }),
  },
  {
    name: 'a second region has a function app of its own, in which backup and drill do not run',
    broken: (deployment) => {
      const sites = deployment.of(siteType);
      const account = deployment.one('Microsoft.DocumentDB/databaseAccounts');
      const regions = list(at(account, 'properties.locations')).map((each) =>
        textOf(object(each).locationName),
      );
      const wanted = deployment.on('secondRegion') ? regions : regions.slice(0, 1);
      const off = ['AzureWebJobs.backup.Disabled', 'AzureWebJobs.drill.Disabled'];
      return [
        ...unless(
          sites.map(({ body }) => textOf(body.location)).join() === wanted.join(),
          `function apps are in ${sites.map(({ body }) => textOf(body.location)).join()}`,
        ),
        ...sites.flatMap((site, n) =>
          off.flatMap((name) =>
            unless((settingsOf(deployment, site)[name] === 'true') === n > 0, `${site.name}: ${name}`),
          ),
        ),
      ];
    },
  },
  {
    name: 'Front Door sends shares to the tunnel function, and the portal as it comes',
    broken: (deployment) => {
      const [rule] = deployment.of('Microsoft.Cdn/profiles/ruleSets/rules');
      const routes = deployment.of('Microsoft.Cdn/profiles/afdEndpoints/routes');
      const withRules = routes.filter((route) => list(at(route, 'properties.ruleSets')).length > 0);
      const withShares = textOf(deployment.parameters.shareCertificate) !== '';
      return [
        ...unless(
          withRules.map(({ origin }) => origin).join() === (withShares ? 'front-door-routes.shareRoute' : ''),
          'the wrong routes are rewritten',
        ),
        ...(rule
          ? differences(rule, {
              'properties.actions.0.name': 'UrlRewrite',
              'properties.actions.0.parameters.sourcePattern': '/',
              'properties.actions.0.parameters.destination': `${shareOriginPrefix}/`,
              'properties.actions.0.parameters.preserveUnmatchedPath': true,
              'properties.conditions': [],
            })
          : ['there is no rule']),
      ];
    },
  },
];
