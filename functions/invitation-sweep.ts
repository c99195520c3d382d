import { timer } from './trigger/endpoint.ts';
import type { Services } from './trigger/services.ts';

const mostShares = 200;

/** Sends invitations that could not be sent at once. */
export const invitationSweep = async ({ invitations }: Services): Promise<void> => {
  await invitations.sweep(mostShares);
};

timer('invitation-sweep', '30 * * * * *', invitationSweep);
