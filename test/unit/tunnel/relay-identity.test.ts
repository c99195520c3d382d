import { createServer } from 'node:http';
import { hour, minute } from '../../../shared/clock.ts';
import { identityAuthorization } from '../../../shared/tunnel/relay-identity.ts';
import { createRelaySender } from '../../../shared/tunnel/relay-sender.ts';
import { type LoopbackIdentity, startLoopbackIdentity } from '../../support/loopback-identity.ts';
import { listenOnLoopback } from '../../support/loopback-listen.ts';

/** The unmodified @azure/identity against what App Service offers an app (IDENTITY_ENDPOINT). */
describe('the managed identity of the tunnel function', () => {
  /** The SDK keeps tokens for as long as the process lives, so each case is another identity. */
  const clientIdOf = (n: number) => `7c9f6b3e-1d2a-4f5b-8c7d-9e0f1a2b3c${n}`;
  let identity: LoopbackIdentity;
  let now: number;
  const clock = { now: () => now };
  const before = { ...process.env };

  beforeAll(async () => {
    identity = await startLoopbackIdentity();
    Object.assign(process.env, identity.settings);
  });

  beforeEach(() => {
    now = Date.now();
    identity.state.out = false;
    identity.state.asked = [];
    identity.state.tokens.clear();
  });

  afterAll(async () => {
    for (const name of Object.keys(identity.settings)) {
      delete process.env[name];
      if (before[name] !== undefined) process.env[name] = before[name];
    }
    await identity.close();
  });

  it('asks for Azure Relay once, for whichever hybrid connection, and says nothing but the token', async () => {
    const authorize = identityAuthorization({ clientId: clientIdOf(10), clock });
    const given = await Promise.all(Array.from({ length: 50 }, (_, n) => authorize(`sys-${n}`)));
    expect(identity.state.asked).toEqual([
      { resource: 'https://relay.azure.net/', clientId: clientIdOf(10) },
    ]);
    expect(new Set(given)).toEqual(new Set(identity.state.tokens.keys()));
  });

  it('sends it in ServiceBusAuthorization, and no key signs anything', async () => {
    const seen: unknown[] = [];
    const relay = createServer((request, response) => {
      seen.push(request.headers['servicebusauthorization']);
      response.writeHead(204, { via: '1.1 relay' }).end();
    });
    const { port, close } = await listenOnLoopback(relay);
    const authorize = identityAuthorization({ clientId: undefined, clock });
    const sender = createRelaySender({ endpoint: `http://127.0.0.1:${port}`, authorize });
    const answer = await sender.send({ connection: 'sys-1', target: '/', method: 'GET', headers: {} });
    answer.body.resume();
    sender.close();
    await close();
    expect(seen).toEqual([...identity.state.tokens.keys()]);
    expect(identity.state.asked).toEqual([{ resource: 'https://relay.azure.net/', clientId: null }]);
  });

  it('uses a token while it is good, whatever happens to the identity', async () => {
    const authorize = identityAuthorization({ clientId: clientIdOf(11), clock });
    const token = await authorize('sys-1');
    identity.state.out = true;
    now += 24 * hour - 5 * minute;
    expect(await authorize('sys-1')).toBe(token);
  });

  it('fails as the tunnel does when there is none, and recovers', async () => {
    identity.state.out = true;
    const authorize = identityAuthorization({ clientId: clientIdOf(12), clock });
    await expect(authorize('sys-1')).rejects.toMatchObject({ name: 'TunnelError', code: 'broken' });
    identity.state.out = false;
    expect(await authorize('sys-1')).toBe([...identity.state.tokens.keys()][0]);
    expect(identity.state.asked).toHaveLength(1);
  });
});
