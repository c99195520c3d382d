import { createServer } from 'node:https';
import { silentLog } from '../../../shared/log.ts';
import { azureHybridConnections } from '../../../shared/tunnel/hybrid-connections.ts';
import { type LoopbackIdentity, startLoopbackIdentity } from '../../support/loopback-identity.ts';
import { listenOnLoopback } from '../../support/loopback-listen.ts';
import { loopbackLeaf, trustTestAuthority } from '../../support/test-authority.ts';

const namespaceId =
  '/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/share/providers/Microsoft.Relay/namespaces/share';

/** The unmodified @azure/identity, and Azure Resource Manager as its REST API is documented, over TLS. */
describe('the hybrid connection of a system in Azure', () => {
  let identity: LoopbackIdentity;
  let manager: string;
  let distrust: () => void;
  let close: () => Promise<void>;
  let status = 200;
  const seen: { method: string; url: string; authorized: boolean; body: unknown }[] = [];

  beforeAll(async () => {
    identity = await startLoopbackIdentity();
    Object.assign(process.env, identity.settings);
    distrust = trustTestAuthority();
    const server = createServer(loopbackLeaf, (request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString()));
      request.on('end', () => {
        const token = identity.state.tokens.get((request.headers.authorization ?? '').replace('Bearer ', ''));
        const authorized = token?.resource === 'https://management.azure.com';
        const { method = '', url = '' } = request;
        seen.push({ method, url, authorized, body: JSON.parse(body) as unknown });
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      });
    });
    const listening = await listenOnLoopback(server);
    manager = `https://localhost:${listening.port}`;
    close = listening.close;
  });

  beforeEach(() => {
    seen.length = 0;
    status = 200;
  });

  afterAll(async () => {
    for (const name of Object.keys(identity.settings)) delete process.env[name];
    distrust();
    await close();
    await identity.close();
  });

  it('is made once, closed to senders without a token', async () => {
    const ensure = azureHybridConnections({ namespaceId, clientId: undefined, log: silentLog, manager });
    await Promise.all([ensure('sys-1'), ensure('sys-1'), ensure('sys-1')]);
    await ensure('sys-1');
    expect(seen).toEqual([
      {
        method: 'PUT',
        url: `${namespaceId}/hybridConnections/sys-1?api-version=2021-11-01`,
        authorized: true,
        body: { properties: { requiresClientAuthorization: true } },
      },
    ]);
  });

  it.each([403, 429, 500])('is asked for again after %i', async (refusal) => {
    const ensure = azureHybridConnections({ namespaceId, clientId: undefined, log: silentLog, manager });
    status = refusal;
    await expect(ensure('sys-2')).rejects.toMatchObject({ code: 'unavailable', status: 503 });
    status = 201;
    await ensure('sys-2');
    expect(seen).toHaveLength(2);
  });
});
