import type { Credentials, EndedCredentials } from './state/credentials.ts';

const endedAdvice: Record<EndedCredentials['reason'], (credentials: EndedCredentials) => string> = {
  expired: () =>
    'The connection has expired, because this gateway was offline for too long. An owner or admin of the organization can renew it in the portal; the system and its shares stay.',
  reused: () =>
    'The connection was cut, because one of its keys was used twice: somebody copied this gateway or its credentials, or the machine was put back to an older snapshot. If you know why, an owner or admin can approve it again in the portal; the system and its shares stay.',
  revoked: () =>
    'The connection was revoked in the portal. An owner or admin of the organization can approve it again there; the system and its shares stay.',
  system_deleted: (credentials) =>
    `The system ${credentials.systemName} no longer exists in the portal, and its shares are gone. Run \`connect\` to connect as a new system.`,
};

/** What is the matter with the connection and what to do about it, in plain words. */
export function advice(credentials: Credentials | undefined): string {
  switch (credentials?.state) {
    case undefined:
      return 'This gateway is not connected. Run `connect` to connect it.';
    case 'connected':
      return `Connected as ${credentials.systemName} of ${credentials.organizationName}.`;
    case 'disconnecting':
      return 'This gateway is disconnected. The service could not be told yet; `run` tells it as soon as it can be reached.';
    case 'expired':
    case 'revoked':
    case 'deleted':
      return endedAdvice[credentials.reason](credentials);
  }
}
