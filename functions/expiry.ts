import { pruneAudit } from '../shared/audit/audit-retention.ts';
import { removeExpired } from '../shared/store/expired-documents.ts';
import { timer } from './trigger/endpoint.ts';
import type { Services } from './trigger/services.ts';

/** Work is bounded in each run; what is left over waits for the next one. */
const most = 500;

/** Ends what is over and forgets what is past. Expiry itself never waits for it: every check looks at the clock. */
export const expiry = async (services: Services): Promise<void> => {
  const { shares, systems, credentials, store, clock } = services;
  await systems.finishDisconnecting(most);
  await credentials.tellOfThefts(most);
  for (const documents of services.untold) await documents.finishAll(most);
  await services.accountDeletion.finishAll(most);
  await services.rotationNotice.look();
  await services.silentSystems.tell(most);
  await shares.endExpired(most);
  await shares.forgetEnded(most);
  await removeExpired(store, clock, most);
  await pruneAudit(services.audit, clock, services.configuration.auditRetentionDays, most);
  // Notes that could not be written before.
  await services.journal.flush();
};

timer('expiry', '15 */5 * * * *', expiry);
