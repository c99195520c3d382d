import { at, differences, list, object, textOf, unless, type Invariant } from './deployed.ts';

const policyType = 'Microsoft.Network/FrontDoorWebApplicationFirewallPolicies';
const scrubbedOf = (value: ReturnType<typeof at>) =>
  list(value)
    .map(object)
    .filter(
      ({ state, selectorMatchOperator }) => state === 'Enabled' && selectorMatchOperator === 'EqualsAny',
    )
    .map(({ matchVariable }) => textOf(matchVariable))
    .sort()
    .join();

export const frontDoorInvariants: readonly Invariant[] = [
  {
    name: 'a firewall that prevents stands before every host',
    broken: (deployment) => {
      const covered = deployment
        .of('Microsoft.Cdn/profiles/securityPolicies')
        .flatMap((policy) => list(at(policy, 'properties.parameters.associations')).map(object))
        .filter(({ patternsToMatch }) => list(patternsToMatch).map(textOf).join() === '/*')
        .flatMap(({ domains }) => list(domains).map((domain) => textOf(object(domain).id)));
      return [
        ...deployment
          .of('Microsoft.Cdn/profiles/customDomains')
          .flatMap(({ id }) => unless(covered.includes(id), `${id} has no firewall`)),
        ...deployment.of(policyType).flatMap((policy) => [
          ...differences(policy, {
            'sku.name': 'Premium_AzureFrontDoor',
            'properties.policySettings.enabledState': 'Enabled',
            'properties.policySettings.mode': 'Prevention',
            'properties.policySettings.requestBodyCheck': 'Enabled',
          }),
          ...unless(
            list(at(policy, 'properties.managedRules.managedRuleSets')).some(
              (set) => object(set).ruleSetType === 'Microsoft_BotManagerRuleSet',
            ),
            `${policy.origin} lets bots in`,
          ),
          ...unless(
            list(at(policy, 'properties.customRules.rules')).some(
              (rule) => object(rule).ruleType === 'RateLimitRule' && object(rule).action === 'Block',
            ),
            `${policy.origin} has no limit`,
          ),
        ]),
      ];
    },
  },
  {
    name: 'the firewall of the portal blocks what the default rules find, and what only the inside may ask',
    broken: (deployment) => {
      const policy = deployment.one(policyType, ({ origin }) => origin === 'front-door.portalFirewall');
      const [rules] = list(at(policy, 'properties.managedRules.managedRuleSets')).map(object);
      const outside = list(at(policy, 'properties.customRules.rules'))
        .map(object)
        .find(({ name }) => name === 'NotFromOutside');
      const [condition] = list(outside?.matchConditions).map(object);
      const [pattern] = list(condition?.matchValue).map(textOf);
      const blocked = (path: string) =>
        new RegExp(pattern || '$.').test(`https://portal.example.com:443${path}`);
      return [
        ...unless(
          rules?.ruleSetType === 'Microsoft_DefaultRuleSet' &&
            rules.ruleSetAction === 'Block' &&
            rules.ruleGroupOverrides === undefined,
          'the default rules do not block',
        ),
        ...unless(
          outside?.action === 'Block' &&
            condition?.matchVariable === 'RequestUri' &&
            condition.operator === 'RegEx',
          'nothing is blocked',
        ),
        ...[
          '/admin/host/status',
          '//admin',
          '/runtime/webhooks/x',
          '/share-origin/a',
          '/share-origin',
        ].flatMap((path) => unless(blocked(path), `${path} is not blocked`)),
        ...['/', '/api/shares', '/sign-in?returnTo=/admin/', '/administration', '/systems/admin/x'].flatMap(
          (path) => unless(!blocked(path), `${path} is blocked`),
        ),
      ];
    },
  },
  {
    name: 'hosts have TLS 1.2 or newer, the shares with the newest version of their certificate',
    broken: (deployment) => [
      ...deployment.of('Microsoft.Cdn/profiles/customDomains').flatMap((domain) =>
        differences(domain, {
          'properties.tlsSettings.minimumTlsVersion': 'TLS12',
          'properties.tlsSettings.cipherSuiteSetType': 'TLS12_2023',
        }),
      ),
      ...deployment.of('Microsoft.Cdn/profiles/secrets').flatMap((secret) =>
        differences(secret, {
          'properties.parameters.type': 'CustomerCertificate',
          'properties.parameters.useLatestVersion': true,
        }),
      ),
    ],
  },
  {
    name: 'portal and shares have their hosts, the shares once there is a certificate',
    broken: (deployment) => {
      const hosts = deployment
        .of('Microsoft.Cdn/profiles/customDomains')
        .map((domain) => textOf(at(domain, 'properties.hostName')));
      const { shareCertificate, shareDomain } = deployment.parameters;
      const shares = textOf(shareDomain) || 'share.bridge.example.com';
      const wanted = ['portal.bridge.example.com', ...(textOf(shareCertificate) ? [`*.${shares}`] : [])];
      return unless(hosts.join() === wanted.join(), `hosts are ${hosts.join()}`);
    },
  },
  {
    name: 'everything travels by HTTPS, is cached nowhere, and has no other host',
    broken: (deployment) =>
      deployment.of('Microsoft.Cdn/profiles/afdEndpoints/routes').flatMap((route) => [
        ...differences(route, {
          'properties.httpsRedirect': 'Enabled',
          'properties.forwardingProtocol': 'HttpsOnly',
          'properties.linkToDefaultDomain': 'Disabled',
          'properties.patternsToMatch': ['/*'],
        }),
        ...unless(at(route, 'properties.cacheConfiguration') === undefined, `${route.origin} caches`),
        ...unless(
          list(at(route, 'properties.customDomains')).length === 1,
          `${route.origin} has not one host`,
        ),
      ]),
  },
  {
    name: 'Front Door asks the first region while it is well, and knows whom it asks',
    broken: (deployment) => [
      ...deployment.of('Microsoft.Cdn/profiles/originGroups').flatMap((group) =>
        differences(group, {
          'properties.healthProbeSettings.probePath': '/api/health',
          'properties.healthProbeSettings.probeRequestType': 'GET',
          'properties.healthProbeSettings.probeProtocol': 'Https',
          'properties.sessionAffinityState': 'Disabled',
        }),
      ),
      ...unless(
        deployment.of('Microsoft.Cdn/profiles/originGroups/origins').length ===
          deployment.of('Microsoft.Web/sites').length,
        'a function app is not asked',
      ),
      ...deployment.of('Microsoft.Cdn/profiles/originGroups/origins').flatMap((origin, n) =>
        differences(origin, {
          'properties.priority': n + 1,
          'properties.enforceCertificateNameCheck': true,
          'properties.originHostHeader': at(origin, 'properties.hostName') ?? null,
        }),
      ),
    ],
  },
  {
    name: 'no address, argument, cookie or body gets into the logs of the way in',
    broken: (deployment) => [
      ...deployment
        .of('Microsoft.Cdn/profiles')
        .flatMap((profile) => [
          ...differences(profile, { 'properties.logScrubbing.state': 'Enabled' }),
          ...unless(
            scrubbedOf(at(profile, 'properties.logScrubbing.scrubbingRules')) ===
              'QueryStringArgNames,RequestUri',
            'Front Door logs addresses',
          ),
        ]),
      ...deployment
        .of(policyType)
        .flatMap((policy) => [
          ...differences(policy, { 'properties.policySettings.logScrubbing.state': 'Enabled' }),
          ...unless(
            scrubbedOf(at(policy, 'properties.policySettings.logScrubbing.scrubbingRules')) ===
              'QueryStringArgNames,RequestBodyJsonArgNames,RequestBodyPostArgNames,RequestCookieNames,RequestHeaderNames,RequestUri',
            `${policy.origin} logs what it sees`,
          ),
        ]),
    ],
  },
];
