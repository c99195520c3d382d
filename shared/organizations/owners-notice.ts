import { credentialsRevokedEmail } from '../email/credentials-revoked-email.ts';
import type { EmailSender } from '../email/email-sender.ts';
import { sha256 } from '../identifier.ts';
import type { Log } from '../log.ts';
import type { Collection } from '../store/collection.ts';
import type { GatewayRecord } from '../systems/gateway-record.ts';
import type { System } from '../systems/system.ts';
import type { Organizations } from './organization.ts';

/** Mails every owner that the credentials of a gateway were revoked; once a revocation. */
export function ownersNotice({
  organizations,
  systems,
  email,
  publicOrigin,
  log,
}: {
  organizations: Organizations;
  systems: Collection<System>;
  email: EmailSender;
  publicOrigin: string;
  log: Log;
}) {
  return async (gateway: GatewayRecord, reason: string): Promise<void> => {
    const [organization, system] = await Promise.all([
      organizations.read(gateway.organizationId),
      systems.read(gateway.systemId),
    ]);
    const owners = organization?.members.filter(({ role }) => role === 'owner') ?? [];
    for (const owner of owners) {
      const outcome = await email.send({
        ...credentialsRevokedEmail({
          systemName: system?.document.name ?? gateway.systemId,
          gatewayName: gateway.name,
          reason,
          link: `${publicOrigin}/systems/${gateway.systemId}`,
        }),
        to: owner.email,
        operationId: `revoked-${sha256(`${gateway.id} ${gateway.generation} ${owner.accountId}`)}`,
      });
      if (outcome.status !== 'sent')
        log.warn('owner not told', { gatewayId: gateway.id, status: outcome.status });
    }
  };
}
