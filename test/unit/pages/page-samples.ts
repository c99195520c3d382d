import type { VNode } from 'preact';
import { ConsolePage } from '../../../gateway/console/console-page.tsx';
import { ConsoleProblemPage } from '../../../gateway/console/console-problem-page.tsx';
import { ConsoleSignInPage } from '../../../gateway/console/console-sign-in-page.tsx';
import { instant } from '../../../shared/clock.ts';
import { AccountDeletedPage, AccountDeletePage } from '../../../shared/pages/account-delete-page.tsx';
import { AccountPage } from '../../../shared/pages/account-page.tsx';
import { AccountPasswordPage } from '../../../shared/pages/account-password-page.tsx';
import { AuditPage } from '../../../shared/pages/audit-page.tsx';
import { AdmitCallPage } from '../../../shared/pages/admit-call-page.tsx';
import { RefusedCallsPage } from '../../../shared/pages/refused-calls-page.tsx';
import { ConfirmPage } from '../../../shared/pages/confirm-page.tsx';
import { ConnectCodePage } from '../../../shared/pages/connect-code-page.tsx';
import { ConnectDonePage } from '../../../shared/pages/connect-done-page.tsx';
import { ConnectReviewPage } from '../../../shared/pages/connect-review-page.tsx';
import { ErrorPage } from '../../../shared/pages/error-page.tsx';
import { HomePage } from '../../../shared/pages/home-page.tsx';
import { JoinPage } from '../../../shared/pages/join-page.tsx';
import type { AskingGateway } from '../../../shared/pages/asking-gateways.tsx';
import { ReapprovalPage } from '../../../shared/pages/reapproval-page.tsx';
import { OrganizationPage } from '../../../shared/pages/organization-page.tsx';
import { PasswordChoosePage, PasswordOutcomePage } from '../../../shared/pages/password-choose-page.tsx';
import { PasswordLinkPage, PasswordLinkSentPage } from '../../../shared/pages/password-link-page.tsx';
import {
  EnrolSecondFactorPage,
  RecoveryCodesPage,
  SecondFactorPage,
} from '../../../shared/pages/second-factor-page.tsx';
import { ProviderMovedPage, ProviderTroublePage } from '../../../shared/pages/provider-outcome-page.tsx';
import { PoliciesPage } from '../../../shared/pages/policies-page.tsx';
import { PolicyReviewPage } from '../../../shared/pages/policy-review-page.tsx';
import { ShareStatePage, type ShareState } from '../../../shared/pages/share-state-page.tsx';
import { SharedWithMePage } from '../../../shared/pages/shared-with-me-page.tsx';
import { SignInCodePage } from '../../../shared/pages/sign-in-code-page.tsx';
import { SignInPage } from '../../../shared/pages/sign-in-page.tsx';
import { SignInPasswordPage } from '../../../shared/pages/sign-in-password-page.tsx';
import { SignInSecondFactorPage } from '../../../shared/pages/sign-in-second-factor-page.tsx';
import { SystemPage, type SystemPageProps } from '../../../shared/pages/system-page.tsx';

const at = (day: number, hour = 7, minute = 12) => instant(Date.UTC(2026, 10, day, hour, minute));
const csrf = 'csrf-token';
const portalOrigin = 'https://drawbridge.example';

export const shareStates: readonly ShareState[] = [
  'sign-in',
  'wrong-account',
  'not-ready',
  'paused',
  'expired',
  'ended',
  'offline',
  'busy',
  'unknown',
];

/** Every page in its states. @param w gives the words that other people chose, from ones that fit the place */
export function everyPage(w: (words: string) => string): Record<string, VNode> {
  const account = w('ann@example.com');
  const organization = { name: w('Northwind Works'), slug: 'northwind' };
  const systems = [
    { id: 'sys-1', name: w('Plant 4'), state: 'connected', lastSeenAt: at(21), shareCount: 2 },
    {
      id: 'sys-2',
      name: w('Pumping station Lindau'),
      state: 'no-tunnel',
      lastSeenAt: at(19, 22, 5),
      shareCount: 1,
    },
    { id: 'sys-3', name: w('Test bench'), state: 'unknown', shareCount: 0 },
    { id: 'sys-4', name: w('Old hall'), state: 'disconnected', lastSeenAt: at(2), shareCount: 0 },
  ] as const;
  const entries = [
    {
      at: at(21),
      action: 'share.opened',
      actor: w('bob@customer.example'),
      text: w('Opened “Line 4, shift view”'),
    },
    {
      at: at(21, 6, 58),
      action: 'share.created',
      actor: w('ann@example.com'),
      text: w('Shared “Line 4, shift view” with 2 people'),
    },
    {
      at: at(20, 9, 3),
      action: 'request.refused',
      actor: w('bob@customer.example'),
      text: w('Refused GET /api/measurements?station=9: parameter “station” is not one of 4'),
    },
    { at: at(14), action: 'system.connected', actor: w('ann@example.com'), text: w('Connected Plant 4') },
  ];
  const asking: readonly AskingGateway[] = ['203.0.113.24', '198.51.100.7'].map((from, index) => ({
    gatewayId: 'gw-1',
    gatewayName: w('gateway on plc-edge-01'),
    systemName: w('Plant 4'),
    from: w(from),
    why: w('Its credentials were revoked, because one of its keys was used by two parties.'),
    userCode: w(index === 0 ? 'BCDF-GHJK' : 'LMNP-QRST'),
    askedAt: at(21, 7, index),
  }));
  const systemPage: SystemPageProps = {
    account,
    csrf,
    role: 'owner',
    organization,
    system: {
      id: 'sys-1',
      name: w('Plant 4'),
      slug: 'plant-4',
      state: 'connected',
      application: w('Hilltop Monitoring 7.2'),
      connectedAt: at(14),
    },
    gateways: [
      {
        id: 'gw-1',
        name: w('gateway on plc-edge-01'),
        createdAt: at(14),
        lastSeenAt: at(21),
        lastRenewedAt: at(21, 3, 40),
        seenFrom: w('203.0.113.24'),
        removeUrl: '/systems/sys-1/gateways/gw-1/remove',
        state: 'active',
      },
      {
        id: 'gw-2',
        name: w('spare'),
        createdAt: at(14),
        state: 'revoked',
        stateReason: w('One of its refresh keys was used twice.'),
      },
    ],
    shares: [
      {
        id: 'abc',
        dashboardTitle: w('Line 4, shift view'),
        status: 'active',
        createdAt: at(21, 6, 58),
        expiresAt: at(30),
        url: 'https://7f3kq9x2m4v8t6c5b2n9p4w7zj.share.example/',
        recipients: [
          {
            email: w('bob@customer.example'),
            invitation: 'sent',
            firstOpenedAt: at(21),
            lastOpenedAt: at(21, 7, 31),
          },
          { email: w('carol.with.a.rather.long.name@maintenance.partner.example'), invitation: 'sent' },
          { email: w('typo@custommer.example'), invitation: 'failed' },
          { email: w('dan@customer.example'), invitation: 'queued' },
        ],
      },
      {
        id: 'def',
        dashboardTitle: w('Energy by week'),
        status: 'paused',
        createdAt: at(15),
        url: 'https://2m4v8t6c5b2n9p4w7zj7f3kq9x.share.example/',
        recipients: Array.from({ length: 8 }, (_, index) => ({
          email: w(`reader${index}@customer.example`),
          invitation: 'sent' as const,
        })),
      },
    ],
    asking: [],
    audit: entries,
  };
  const review = {
    account,
    csrf,
    userCode: w('BCDF-GHJK'),
    gatewayName: w('gateway on plc-edge-01'),
    application: w('Hilltop Monitoring 7.2'),
    requestedFrom: w('203.0.113.24'),
    requestedAt: at(21),
    expiresAt: at(21, 7, 27),
    termsUrl: 'https://drawbridge.example/terms',
  };
  const breaking = [
    {
      title: w('Line 4, shift view'),
      system: { id: 'sys-1', name: w('Plant 4') },
      why: [w('Not allowed: bob@elsewhere.example.')],
    },
  ];
  return {
    'sign-in': SignInPage({ returnTo: w('/connect?user_code=BCDF-GHJK'), csrf }),
    'sign-in-provider': SignInPage({ returnTo: w('/'), csrf, provider: w('Plant Login') }),
    'sign-in-moved': ProviderMovedPage({
      provider: w('Plant Login'),
      from: w('ann@example.com'),
      to: w('ann.lee@example.com'),
      returnTo: '/',
    }),
    ...Object.fromEntries(
      (['unreachable', 'denied', 'refused', 'unverified', 'stale', 'taken'] as const).map((trouble) => [
        `sign-in-${trouble}`,
        ProviderTroublePage({ trouble, provider: w('Plant Login') }),
      ]),
    ),
    'sign-in-error': SignInPage({
      returnTo: '/',
      csrf,
      email: w('ann@example'),
      errors: { email: w('This is not an e-mail address.'), '': w('Try again.') },
    }),
    'sign-in-code': SignInCodePage({ challengeId: w('ch-1'), email: account, returnTo: w('/'), csrf }),
    'sign-in-code-error': SignInCodePage({
      challengeId: 'ch-1',
      email: account,
      returnTo: '/',
      csrf,
      errors: { code: w('This code is not right, or was used already. Check the newest e-mail.') },
    }),
    'sign-in-again': SignInPage({ returnTo: '/account', csrf, email: account, again: true }),
    'sign-in-password': SignInPasswordPage({ email: account, returnTo: w('/'), csrf }),
    'sign-in-password-error': SignInPasswordPage({
      email: account,
      returnTo: '/',
      csrf,
      errors: { password: w('Address and password do not fit together.') },
    }),
    'sign-in-second-factor': SignInSecondFactorPage({ half: w('half'), returnTo: w('/'), csrf }),
    'sign-in-second-factor-error': SignInSecondFactorPage({
      half: 'half',
      returnTo: '/',
      csrf,
      errors: { code: w('This code is not right, or was used already.') },
    }),
    'password-link': PasswordLinkPage({
      csrf,
      email: account,
      errors: { email: w('This is not an e-mail address.') },
    }),
    'password-link-sent': PasswordLinkSentPage({ email: account }),
    'password-choose': PasswordChoosePage({
      csrf,
      token: w('token'),
      email: account,
      errors: { password: w('Use at least 8 characters.') },
    }),
    'password-chosen': PasswordOutcomePage({ outcome: 'chosen' }),
    'password-dead': PasswordOutcomePage({ outcome: 'dead' }),
    account: AccountPage({
      account,
      csrf,
      passwordChangedAt: at(14),
      secondFactor: { since: at(15), recoveryCodesLeft: 9 },
      sessions: [
        {
          id: w('s1'),
          current: true,
          createdAt: at(21),
          source: w('203.0.113.24'),
          browser: w('Firefox on Windows'),
          factors: ['password', 'totp'],
        },
        { id: w('s2'), current: false, createdAt: at(2) },
      ],
    }),
    'account-bare': AccountPage({
      account,
      csrf,
      sessions: [{ id: 's1', current: true, createdAt: at(21), factors: ['code'] }],
    }),
    'account-password': AccountPasswordPage({ account, csrf, hasPassword: false }),
    'account-password-error': AccountPasswordPage({
      account,
      csrf,
      hasPassword: true,
      errors: { password: w('Use at least 8 characters.') },
    }),
    'account-delete': AccountDeletePage({
      account,
      csrf,
      onlyOwnerOf: [],
      errors: { confirm: w('This is not your address.') },
    }),
    'account-delete-owner': AccountDeletePage({
      account,
      csrf,
      onlyOwnerOf: [{ name: w('Plant'), slug: w('plant') }],
    }),
    'account-deleted': AccountDeletedPage(),
    'second-factor-off': SecondFactorPage({ account, csrf }),
    'second-factor-on': SecondFactorPage({
      account,
      csrf,
      state: { since: at(15), recoveryCodesLeft: 9 },
    }),
    'second-factor-enrol': EnrolSecondFactorPage({
      account,
      csrf,
      sealed: w('sealed'),
      secret: 'JBSWY3DPEHPK3PXP',
      uri: 'otpauth://totp/Drawbridge:ann%40example.com?secret=JBSWY3DPEHPK3PXP',
      modules: [
        [true, false],
        [false, true],
      ],
      errors: { code: w('This is not the code that the app should show now.') },
    }),
    'recovery-codes': RecoveryCodesPage({ account, csrf, codes: [w('abcd-efgh-2345'), w('bcde-fghj-3456')] }),
    'home-empty': HomePage({ account, csrf, organizations: [], asking: [], receivedShares: [] }),
    'home-closed': HomePage({
      account,
      csrf,
      organizations: [],
      asking: [],
      closedOrganizations: [organization],
      receivedShares: [],
    }),
    home: HomePage({
      account,
      csrf,
      organizations: [
        { ...organization, role: 'owner', systems },
        { name: w('City Water'), slug: 'city-water', role: 'member', systems: [] },
      ],
      asking: asking.slice(0, 1),
      receivedShares: [
        { id: 'abc', title: w('Boiler house'), from: w('Eve Marsh'), url: 'https://abc.share.example/' },
      ],
    }),
    organization: OrganizationPage({
      account,
      csrf,
      organization,
      role: 'owner',
      systems,
      members: [
        { email: account, role: 'owner' },
        { email: w('frank@example.com'), role: 'member' },
      ],
      invitations: [
        { email: w('gus@example.com'), role: 'admin', expiresAt: at(30), state: 'sent' },
        { email: w('hedi@example.com'), role: 'member', expiresAt: at(30), state: 'not-sent' },
        { email: w('ida@example.com'), role: 'member', expiresAt: at(20), state: 'expired' },
      ],
      values: { email: w('gina@') },
      errors: { email: w('This is not an e-mail address.') },
    }),
    'organization-delete-error': OrganizationPage({
      account,
      csrf,
      organization,
      role: 'owner',
      systems: [],
      members: [{ email: account, role: 'owner' }],
      invitations: [],
      errors: { confirm: w('This is not the name of the organization.') },
    }),
    policies: PoliciesPage({
      account,
      csrf,
      organization,
      owner: true,
      values: { emailDomains: w('partner.example'), longestShareDays: w('0'), sharers: w('Olga') },
      errors: { longestShareDays: w('A number of days from 1 to 3,650.') },
      breaking,
      more: true,
      secondFactor: { required: true, own: false },
    }),
    'policies-admin': PoliciesPage({
      account,
      csrf,
      organization,
      owner: false,
      values: {},
      breaking: [],
      more: false,
      secondFactor: { required: false, own: true },
    }),
    'policy-review': PolicyReviewPage({
      account,
      csrf,
      organization,
      values: { emailDomains: w('partner.example') },
      breaking,
      more: false,
      errors: { existing: 'Choose one.' },
    }),
    'organization-member': OrganizationPage({
      account,
      csrf,
      organization,
      role: 'member',
      systems: [],
      members: [{ email: account, role: 'member' }],
      invitations: [{ email: w('gus@example.com'), role: 'admin', expiresAt: at(30), state: 'sent' }],
    }),
    join: JoinPage({
      account,
      csrf,
      organization,
      role: 'admin',
      invitedBy: w('olga@example.com'),
      expiresAt: at(30),
    }),
    system: SystemPage(systemPage),
    'system-error': SystemPage({
      ...systemPage,
      system: { ...systemPage.system, state: 'no-tunnel' },
      shares: [],
      audit: [],
      gateways: [],
      errors: { confirm: w('This is not the name of the system.') },
    }),
    'system-unreachable': SystemPage({
      ...systemPage,
      system: {
        ...systemPage.system,
        state: 'system-unreachable',
        lastSeenAt: instant(Date.UTC(2026, 10, 20, 8)),
      },
    }),
    'system-unknown': SystemPage({ ...systemPage, system: { ...systemPage.system, state: 'unknown' } }),
    'system-held': SystemPage({
      ...systemPage,
      system: { ...systemPage.system, heldSince: at(21) },
      shares: systemPage.shares.map((share) => ({ ...share, status: 'paused', held: true })),
    }),
    'system-asking': SystemPage({ ...systemPage, asking }),
    'refused-calls': RefusedCallsPage({
      account,
      csrf,
      system: { id: 'sys-1', name: w('Plant 4') },
      share: { id: 'share1', title: w('Line 2 overview'), waitsForGateway: true },
      calls: [
        {
          id: 'call1',
          by: 'service',
          method: 'POST',
          target: w('/api/v1/query?dedup=true&step=15'),
          body: w('{"elementId":102,"minutes":60}'),
          admissible: true,
          nearestRule: w('POST /api/v1/query with dedup = “true”'),
          difference: w('The rule expects no query parameter step, came “15”.'),
          firstAt: at(20),
          lastAt: at(21, 9, 30),
          times: 14,
        },
        {
          id: 'call2',
          by: 'gateway',
          method: 'GET',
          target: w('/api/legend'),
          admissible: true,
          difference: w('The rule expects the path /api/value, came “/api/legend”.'),
          firstAt: at(21),
          lastAt: at(21),
          times: 1,
        },
        {
          id: 'call3',
          by: 'service',
          method: 'POST',
          target: w('/login'),
          admissible: false,
          difference: w('No rule admits any POST call.'),
          firstAt: at(21),
          lastAt: at(21),
          times: 1,
        },
      ],
    }),
    'refused-calls-none': RefusedCallsPage({
      account,
      csrf,
      system: { id: 'sys-1', name: w('Plant 4') },
      share: { id: 'share1', title: w('Line 2 overview'), waitsForGateway: false },
      calls: [],
    }),
    'admit-call': AdmitCallPage({
      account,
      csrf,
      systemId: 'sys-1',
      share: { id: 'share1', title: w('Line 2 overview') },
      call: { id: 'call1', method: 'POST', target: w('/api/v1/query?dedup=true&step=15') },
      words: w('POST /api/v1/query with dedup = “true”, step = “15”, the JSON {elementId: 102}'),
      warnings: [w('query step: may be any whole number from 1 to 60')],
      digest: 'digest',
    }),
    'system-member': SystemPage({ ...systemPage, role: 'member' }),
    audit: AuditPage({
      account,
      csrf,
      organization,
      entries,
      next: w('continuation'),
      search: {
        action: w('share.opened'),
        who: w('ann'),
        about: w('north'),
        from: '2026-01-01',
        to: '2026-01-02',
      },
      errors: { from: w('Give a day.') },
      actions: [w('share.opened'), w('request.refused')],
      systems: [{ id: w('sys-1'), name: w('North') }],
    }),
    'audit-empty': AuditPage({
      account,
      csrf,
      organization,
      entries: [],
      search: {},
      actions: [],
      systems: [],
    }),
    'connect-code': ConnectCodePage({
      account,
      csrf,
      userCode: w('BCDF'),
      errors: { userCode: w('This code is unknown, used or too old. Check it, or start again.') },
    }),
    'connect-review': ConnectReviewPage({
      ...review,
      organizations: [{ id: 'org-1', ...organization }],
      systems: [],
    }),
    'connect-review-another': ConnectReviewPage({
      ...review,
      organizations: [{ id: 'org-1', ...organization }],
      systems: systems.map(({ id, name }) => ({ id, name, organizationName: organization.name })),
      values: { target: 'existing', existing: 'sys-2' },
      errors: { existing: w('This system has 10 gateways. Remove one that is no longer used.') },
    }),
    'connect-review-new': ConnectReviewPage({
      ...review,
      organizations: [],
      systems: [],
      values: {
        organizationName: w('Northwind'),
        organizationSlug: w('North Wind'),
        systemName: w('Plant 4'),
        systemSlug: w(''),
      },
      errors: {
        organizationSlug: w(
          'Use 2 to 40 lower case letters, digits and hyphens; a hyphen neither first nor last.',
        ),
        systemSlug: w('Give a short name.'),
        terms: w('Please accept the terms to connect a system.'),
      },
    }),
    reapproval: ReapprovalPage({
      ...review,
      systemName: w('Plant 4'),
      organizationName: w('Northwind Works'),
      calledNow: w('plc-edge-02'),
      why: w('Its credentials expired: it was offline for more than 30 days.'),
      keyIssuedAt: at(2),
      present: { seenAt: at(21), seenFrom: w('203.0.113.24') },
      others: [{ userCode: w('LMNP-QRST'), from: w('198.51.100.7'), keyIssuedAt: at(1) }],
    }),
    'connect-refused': ConnectDonePage({ account, csrf, outcome: 'refused' }),
    'connect-approved': ConnectDonePage({
      account,
      csrf,
      outcome: 'approved',
      systemName: w('Plant 4'),
      systemId: w('sys-1'),
    }),
    'connect-denied': ConnectDonePage({ account, csrf, outcome: 'denied' }),
    'connect-expired': ConnectDonePage({ account, csrf, outcome: 'expired' }),
    'shared-with-me': SharedWithMePage({
      account,
      csrf,
      shares: [
        {
          id: 'abc',
          title: w('Line 4, shift view'),
          from: w('Ann Lee'),
          system: w('Plant 4'),
          status: 'active',
          expiresAt: at(30),
          url: 'https://abc.share.example/',
        },
        {
          id: 'def',
          title: w('Boiler house'),
          from: w('Eve Marsh'),
          system: w('City Water'),
          status: 'paused',
          url: 'https://def.share.example/',
        },
      ],
    }),
    'shared-with-me-empty': SharedWithMePage({ account, csrf, shares: [] }),
    error: ErrorPage({
      status: 500,
      title: w('Something went wrong on our side'),
      detail: w('Please try again.'),
      correlationId: w('01JD-7'),
    }),
    'error-next': ErrorPage({
      status: 403,
      title: w('A second step is needed'),
      detail: w('Northwind Works asks its members for a second step.'),
      next: { label: w('Set up your second step'), href: '/account/second-factor' },
    }),
    console: ConsolePage({
      csrf,
      who: w('olga'),
      status: {
        state: 'connected',
        service: portalOrigin,
        system: { id: 'sys-1', name: w('Plant 4') },
        organization: { name: w('Northwind Works') },
        connectedAt: at(1),
        reach: { state: 'connected', lastSeenAt: at(21) },
        problem: w('The clock of this machine is twenty minutes fast.'),
        watchers: [
          {
            shareId: 'abc',
            recipient: w('eve@example.com'),
            since: Date.parse(at(21)),
            lastRequestAt: 0,
            openRequests: 1,
          },
        ],
      },
      shares: [
        {
          id: 'abc',
          url: 'https://abc.share.example/',
          status: 'active',
          dashboard: { id: 'north', title: w('Line 4, shift view') },
          recipients: [{ email: w('eve@example.com'), invitation: 'sent' }],
          createdAt: at(20),
        },
      ],
      titles: new Map([['abc', w('Line 4, shift view')]]),
      done: 'Sharing has stopped. Its link is dead.',
    }),
    'console-empty': ConsolePage({
      csrf,
      who: w('olga'),
      status: { state: 'not-connected', service: portalOrigin, watchers: [] },
      shares: { problem: w('The service does not answer.') },
      titles: new Map(),
    }),
    'console-sign-in': ConsoleSignInPage({
      csrf,
      byPassword: true,
      name: w('olga'),
      errors: { '': 'Wrong name or password.' },
    }),
    'console-link': ConsoleSignInPage({ csrf, byPassword: false, code: 'c0de' }),
    'console-problem': ConsoleProblemPage({ words: w('There is no such page.') }),
    confirm: ConfirmPage({
      title: w('Remove frank@example.com?'),
      text: w('He loses access to everything in this organization.'),
      action: '/organizations/northwind/members/remove',
      csrf,
      typedName: w('frank@example.com'),
      hidden: { email: w('frank@example.com') },
      account,
      errors: { confirm: w('This is not the name.') },
    }),
    ...Object.fromEntries(
      shareStates.map((state) => [
        `share-${state}`,
        ShareStatePage({
          state,
          portalOrigin,
          stylesheet: '/.drawbridge/portal.css',
          ...(state === 'wrong-account' && { signedInAs: account, csrf, switchAccountAction: '/sign-out' }),
        }),
      ]),
    ),
  };
}
