/** The portal's addresses, in one place for the pages that link to them and the functions that serve them. */
export const portalPaths = {
  home: '/',
  signIn: '/sign-in',
  signInCode: '/sign-in/code',
  signOut: '/sign-out',
  sharedWithMe: '/shared-with-me',
  leaveShare: (shareId: string) => `/shared-with-me/${encodeURIComponent(shareId)}/leave`,
  organization: (slug: string) => `/organizations/${encodeURIComponent(slug)}`,
  addMember: (slug: string) => `/organizations/${encodeURIComponent(slug)}/members`,
  changeMember: (slug: string) => `/organizations/${encodeURIComponent(slug)}/members/role`,
  removeMember: (slug: string) => `/organizations/${encodeURIComponent(slug)}/members/remove`,
  audit: (slug: string) => `/organizations/${encodeURIComponent(slug)}/audit`,
  system: (systemId: string) => `/systems/${encodeURIComponent(systemId)}`,
  disconnectSystem: (systemId: string) => `/systems/${encodeURIComponent(systemId)}/disconnect`,
  share: (systemId: string, shareId: string, act: 'delete' | 'pause' | 'resume') =>
    `/systems/${encodeURIComponent(systemId)}/shares/${encodeURIComponent(shareId)}/${act}`,
  /** GET; with `user_code` it shows that request at once. */
  connect: '/connect',
  connectFind: '/connect/find',
  connectDecide: '/connect/decide',
} as const;
