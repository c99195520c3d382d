import { runBackup } from '../shared/backup/backup-run.ts';
import { timer } from './trigger/endpoint.ts';
import type { Services } from './trigger/services.ts';

/** A backup every four hours, kept for 90 days. */
export const backup = async (services: Services): Promise<void> => {
  await runBackup(services);
};

timer('backup', '0 0 */4 * * *', backup);
