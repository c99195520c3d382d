import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Provider from 'oidc-provider';
import { clientId } from '../../../gateway/oauth-client.ts';
import { openPeerDatabase, sqliteAdapter } from './sqlite-adapter.ts';

/**
 * `oidc-provider` as a service for the same gateways, in a process of its own: rotation of refresh tokens switched on,
 * which revokes the grant when a token is used twice (RFC 9700 section 4.14.2).
 *
 * Arguments: a folder, and for how many gateways refresh tokens are issued.
 */
const [folder = '.', gateways = '1'] = process.argv.slice(2);
const days = (count: number) => count * 24 * 3600;

const provider = new Provider('http://peer.localhost', {
  adapter: sqliteAdapter(openPeerDatabase(join(folder, 'peer.sqlite'))),
  clients: [
    {
      client_id: clientId,
      token_endpoint_auth_method: 'none',
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      redirect_uris: [],
      response_types: [],
    },
  ],
  features: { devInteractions: { enabled: false }, deviceFlow: { enabled: true } },
  rotateRefreshToken: true,
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  ttl: { RefreshToken: days(30), AccessToken: days(7), Grant: days(365) },
  cookies: { keys: ['for benchmarks only'] },
});

async function issue(accountId: string): Promise<string> {
  const client = await provider.Client.find(clientId);
  if (!client) throw new Error('The client is missing.');
  const grant = new provider.Grant({ accountId, clientId });
  // Without `openid`, so that no ID token is signed: ours signs none.
  grant.addOIDCScope('offline_access');
  const grantId = await grant.save();
  const token = new provider.RefreshToken({
    accountId,
    client,
    grantId,
    gty: 'device_code',
    scope: 'offline_access',
  });
  return token.save();
}

const refreshTokens: string[] = [];
for (let gateway = 0; gateway < Number(gateways); gateway++) {
  refreshTokens.push(await issue(`gateway-${gateway}`));
}
const handle = provider.callback();
const server = createServer((request, response) => void handle(request, response)).listen(
  0,
  '127.0.0.1',
  () => {
    process.send?.({ port: (server.address() as AddressInfo).port, refreshTokens });
  },
);
process.once('disconnect', () => process.exit(0));
