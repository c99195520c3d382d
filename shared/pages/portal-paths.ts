/** One segment of a path; half a surrogate pair, which no address can hold, is replaced instead of failing. */
const segment = (text: string): string => encodeURIComponent(text.toWellFormed());

/** The portal's addresses, in one place for the pages that link to them and the functions that serve them. */
export const portalPaths = {
  home: '/',
  signIn: '/sign-in',
  signInCode: '/sign-in/code',
  signOut: '/sign-out',
  sharedWithMe: '/shared-with-me',
  leaveShare: (shareId: string) => `/shared-with-me/${segment(shareId)}/leave`,
  organization: (slug: string) => `/organizations/${segment(slug)}`,
  addMember: (slug: string) => `/organizations/${segment(slug)}/members`,
  changeMember: (slug: string) => `/organizations/${segment(slug)}/members/role`,
  removeMember: (slug: string) => `/organizations/${segment(slug)}/members/remove`,
  audit: (slug: string) => `/organizations/${segment(slug)}/audit`,
  system: (systemId: string) => `/systems/${segment(systemId)}`,
  disconnectSystem: (systemId: string) => `/systems/${segment(systemId)}/disconnect`,
  share: (systemId: string, shareId: string, act: 'delete' | 'pause' | 'resume') =>
    `/systems/${segment(systemId)}/shares/${segment(shareId)}/${act}`,
  /** GET; with `user_code` it shows that request at once. */
  connect: '/connect',
  connectFind: '/connect/find',
  connectDecide: '/connect/decide',
} as const;
