import { runDrill } from '../shared/backup/drill.ts';
import { timer } from './trigger/endpoint.ts';
import type { Services } from './trigger/services.ts';

/** Every Sunday the newest backup is restored into a scratch place and compared. */
export const drill = async (services: Services): Promise<void> => {
  await runDrill(services);
};

timer('drill', '0 30 3 * * 0', drill);
