/** One segment of a path; half a surrogate pair, which no address can hold, is replaced instead of failing. */
const segment = (text: string): string => encodeURIComponent(text.toWellFormed());

/** The portal's addresses, in one place for the pages that link to them and the functions that serve them. */
export const portalPaths = {
  home: '/',
  signIn: '/sign-in',
  signInCode: '/sign-in/code',
  providerSignIn: '/provider-sign-in',
  /** Registered at the provider. */
  providerCallback: '/provider-sign-in/callback',
  signInPassword: '/sign-in/password',
  signInSecondFactor: '/sign-in/second-factor',
  signOut: '/sign-out',
  /** Asks for the e-mailed link by which a password is chosen. */
  passwordLink: '/password',
  passwordChoose: '/password/choose',
  account: '/account',
  accountPassword: '/account/password',
  removePassword: '/account/password/remove',
  secondFactor: '/account/second-factor',
  enrolSecondFactor: '/account/second-factor/enrol',
  confirmSecondFactor: '/account/second-factor/confirm',
  renewRecoveryCodes: '/account/second-factor/recovery-codes',
  removeSecondFactor: '/account/second-factor/remove',
  /** GET asks, POST does it. */
  deleteAccount: '/account/delete',
  endSession: '/account/sessions/end',
  endOtherSessions: '/account/sessions/end-others',
  sharedWithMe: '/shared-with-me',
  leaveShare: (shareId: string) => `/shared-with-me/${segment(shareId)}/leave`,
  organization: (slug: string) => `/organizations/${segment(slug)}`,
  inviteMember: (slug: string) => `/organizations/${segment(slug)}/members/invite`,
  changeMember: (slug: string) => `/organizations/${segment(slug)}/members/role`,
  removeMember: (slug: string) => `/organizations/${segment(slug)}/members/remove`,
  requireSecondFactor: (slug: string) => `/organizations/${segment(slug)}/second-factor`,
  resendMemberInvitation: (slug: string) => `/organizations/${segment(slug)}/members/resend`,
  withdrawMemberInvitation: (slug: string) => `/organizations/${segment(slug)}/members/withdraw`,
  renameOrganization: (slug: string) => `/organizations/${segment(slug)}/rename`,
  leaveOrganization: (slug: string) => `/organizations/${segment(slug)}/leave`,
  deleteOrganization: (slug: string) => `/organizations/${segment(slug)}/delete`,
  /** Where an invited member accepts. */
  joinOrganization: (slug: string) => `/join/${segment(slug)}`,
  policies: (slug: string) => `/organizations/${segment(slug)}/policies`,
  audit: (slug: string) => `/organizations/${segment(slug)}/audit`,
  auditCsv: (slug: string) => `/organizations/${segment(slug)}/audit/export/csv`,
  auditJson: (slug: string) => `/organizations/${segment(slug)}/audit/export/json`,
  system: (systemId: string) => `/systems/${segment(systemId)}`,
  confirmSystem: (systemId: string) => `/systems/${segment(systemId)}/confirm`,
  disconnectSystem: (systemId: string) => `/systems/${segment(systemId)}/disconnect`,
  /** GET asks once more, POST does it. */
  removeGateway: (systemId: string, gatewayId: string) =>
    `/systems/${segment(systemId)}/gateways/${segment(gatewayId)}/remove`,
  share: (systemId: string, shareId: string, act: 'delete' | 'pause' | 'resume') =>
    `/systems/${segment(systemId)}/shares/${segment(shareId)}/${act}`,
  refusedCalls: (systemId: string, shareId: string) =>
    `/systems/${segment(systemId)}/shares/${segment(shareId)}/refused`,
  admitCall: (systemId: string, shareId: string, callId: string) =>
    `/systems/${segment(systemId)}/shares/${segment(shareId)}/refused/${segment(callId)}`,
  /** GET; with `user_code` it shows that request at once. */
  connect: '/connect',
  connectCode: (userCode: string) => `/connect?user_code=${segment(userCode)}`,
  connectFind: '/connect/find',
  connectDecide: '/connect/decide',
} as const;
