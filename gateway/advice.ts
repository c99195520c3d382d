import type { Credentials, EndedCredentials } from './state/credentials.ts';

const said = (words: string | undefined): string => (words === undefined ? '' : ` ${words}`);

const endedAdvice: Record<EndedCredentials['reason'], (credentials: EndedCredentials) => string> = {
  expired: () =>
    'The connection has expired: an owner or admin can renew it in the portal. This gateway was offline for more than 30 days; the system and its shares stay.',
  reused: () =>
    'The connection was cut, because one of its keys was used twice: somebody copied this gateway or its credentials, or the machine was put back to an older snapshot. If you know why, an owner or admin can approve it again in the portal; the system and its shares stay.',
  revoked: () =>
    'The connection was revoked. An owner or admin of the organization can approve it again in the portal; the system and its shares stay.',
  system_deleted: ({ systemName, words }) =>
    `The system ${systemName} no longer exists in the portal, and its shares are gone.${said(words)} Run \`connect\` to connect as a new system.`,
  gateway_removed: ({ systemName, words }) =>
    `This gateway no longer belongs to the system ${systemName}, which goes on without it.${said(words)} Run \`connect\` to add it again.`,
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
