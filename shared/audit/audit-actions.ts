/** Everything that is noted, by its stable name. */
export const auditActions = [
  'account.signed-in',
  'organization.created',
  'system.connected',
  'system.disconnected',
  'gateway.renewal-refused',
  'gateway.revoked',
  'share.created',
  'share.updated',
  'share.opened',
  'share.revoked',
  'share.expired',
  'share.recipient-left',
  'request.refused',
  'backup.made',
  'backup.failed',
] as const;

export type AuditAction = (typeof auditActions)[number];
