import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import WebSocket from 'ws';
import { eventually } from '../../local/rehearsal/runtime.ts';
import { type Relay, startRelay } from '../../local/relay/relay.ts';
import { hour, second } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { createRelaySender, type RelaySender, type TunnelRequest } from '../../shared/tunnel/relay-sender.ts';
import { createSasToken } from '../../shared/tunnel/sas-token.ts';
import { makePrivateAuthority, type PrivateAuthority } from '../support/private-authority.ts';
import { embeddings } from './embeddings.ts';
import { type RunningProgram, startProgram } from './listener-programs.ts';

/** Package downloads on a slow line. */
const setUp = 600_000;

let authority: PrivateAuthority;
const key = 'Zm9yIHRlc3RzIG9ubHk';
const keys = { listen: { key, rights: ['Listen' as const] }, send: { key, rights: ['Send' as const] } };

beforeAll(async () => {
  authority = await makePrivateAuthority();
});

afterAll(() => authority.remove());

/** A relay over TLS whose clock and tokens the test holds, and a sender that is bound by nothing. */
describe.each(embeddings)('$name on the wire', ({ slug, prepare }) => {
  let ahead = 0;
  let life = hour;
  const clock = { now: () => Date.now() + ahead };
  const tokenOf = (keyName: 'listen' | 'send') =>
    createSasToken({ resource: 'http://localhost/hyco', keyName, key, expiresAt: clock.now() + life });
  let relay: Relay;
  let sender: RelaySender;
  let program: RunningProgram;
  const grants = createServer((_, response) => {
    const endpoint = relay.endpoint.replace('https://127.0.0.1', 'wss://localhost');
    const expiresAt = new Date(Date.now() + life).toISOString();
    response.end(JSON.stringify({ endpoint, path: 'hyco', token: tokenOf('listen'), expiresAt }));
  });

  const ask = async (method: string, target: string, body?: Uint8Array) => {
    const wanted: TunnelRequest = { connection: 'hyco', target, method, headers: {}, ...(body && { body }) };
    const answer = await sender.send(wanted);
    const text = Buffer.concat((await answer.body.toArray()) as Buffer[]).toString();
    return { ...answer, text };
  };

  beforeAll(async () => {
    const command = await prepare(authority);
    relay = await startRelay({ port: 0, keys, clock, log: silentLog, tls: authority });
    sender = createRelaySender({
      endpoint: relay.endpoint,
      authorize: async () => tokenOf('send'),
      ca: authority.ca,
    });
    await once(grants.listen(0, '127.0.0.1'), 'listening');
    // Short enough to see a renewal; Microsoft's own clients renew no token younger than four minutes.
    if (slug === 'node') life = 10 * second;
    program = startProgram(
      ...command(`http://127.0.0.1:${(grants.address() as AddressInfo).port}`, 'an-access-token'),
    );
    await program.heard('listening');
  }, setUp);

  afterAll(async () => {
    await program.stop();
    sender.close();
    await relay.close();
    await new Promise((closed) => grants.close(closed));
  });

  it('answers what the dashboard calls', async () => {
    const page = await ask('GET', '/share/dashboards/north');
    expect([page.status, page.fromListener]).toEqual([200, true]);
    expect(page.headers['content-type']).toBe('text/html');
    expect(page.text).toContain('Transmitter site North');
  });

  it.each([
    ['another call', 'GET', '/share/api/settings', undefined],
    ['another query', 'GET', '/share/api/history?all', undefined],
    ['another method', 'DELETE', '/share/dashboards/north', undefined],
    ['another body', 'POST', '/share/api/value', Buffer.from('{"elementId":102}')],
    ['a large body, which comes by a rendezvous', 'POST', '/share/api/value', Buffer.alloc(200_000, ' ')],
  ])(
    'is a second wall: refuses %s even from a cloud that lets it through',
    async (_, method, target, body) => {
      const refused = await ask(method, target, body);
      expect(refused.status).toBe(403);
      expect(JSON.parse(String(refused.headers['drawbridge-refusal']))).toMatchObject({ code: 'no-rule' });
    },
  );

  it('says so where there is no such share, and so shows that it is there', async () => {
    const answer = await ask('GET', '/presence/');
    expect([answer.status, answer.headers['drawbridge-problem']]).toEqual([404, 'unknown-share']);
  });

  it('serves many at once, small and large', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        ask('GET', n % 2 ? '/share/api/history' : '/share/dashboards/north'),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const lengths = answers.filter((_, n) => n % 2).map(({ text }) => text.length);
    expect(new Set(lengths)).toEqual(new Set([330_000]));
  });

  if (slug === 'node') {
    it('renews its token in band, and outlives the first', async () => {
      const listened = program.said.filter(({ event }) => event === 'listening').length;
      await program.heard('renewed', 2);
      expect(program.said.filter(({ event }) => event === 'listening')).toHaveLength(listened);
      expect((await ask('GET', '/share/dashboards/north')).status).toBe(200);
    });
  }

  if (slug === 'java') {
    it('turns a WebSocket away with its reason', async () => {
      const address = `${relay.endpoint.replace('https', 'wss')}/$hc/hyco?sb-hc-action=connect`;
      const socket = new WebSocket(address, {
        ca: authority.ca,
        headers: { ServiceBusAuthorization: tokenOf('send') },
      });
      socket.on('error', () => {});
      const status = await new Promise((resolve) =>
        socket.once('unexpected-response', (_, response) => resolve(response.statusCode)),
      );
      expect(status).toBe(501);
    });
  }

  it('comes again with a new token when the relay has cut it off', async () => {
    const before = program.said.filter(({ event }) => event === 'listening').length;
    ahead += 2 * hour;
    await program.heard('listening', before + 1);
    await eventually(async () => (await ask('GET', '/share/dashboards/north')).status === 200);
  });
});
