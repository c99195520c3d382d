import { Person } from '../../local/rehearsal/person.ts';
import { eventually, Runtime } from '../../local/rehearsal/runtime.ts';
import { freePort } from '../../local/free-port.ts';
import { decideConnect } from '../support/connect-decision.ts';
import { makePrivateAuthority, type PrivateAuthority } from '../support/private-authority.ts';
import { type Embedding, embeddings } from './embeddings.ts';
import { type RunningProgram, startProgram } from './listener-programs.ts';

/** Package downloads on a slow line. */
const setUp = 600_000;

let authority: PrivateAuthority;

beforeAll(async () => {
  authority = await makePrivateAuthority();
});

afterAll(() => authority.remove());

describe.each(embeddings)('a vendor who embeds $name', ({ slug, prepare }) => {
  let runtime: Runtime;
  let start: Awaited<ReturnType<Embedding['prepare']>>;
  let program: RunningProgram;
  let rita: Person;
  let share: string;

  const call = (method: string, path: string, body?: string) =>
    rita.send(`${share}${path}`, {
      method,
      headers: { origin: share, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body }),
    });

  beforeAll(async () => {
    start = await prepare(authority);
    runtime = await Runtime.start({
      RELAY_ENDPOINT: `https://localhost:${await freePort()}`,
      RELAY_TLS_CERT: authority.certFile,
      RELAY_TLS_KEY: authority.keyFile,
      NODE_EXTRA_CA_CERTS: authority.caFile,
    });
    program = startProgram(...start(runtime.origin));
  }, setUp);

  afterAll(async () => {
    await program.stop();
    await runtime.stop();
  });

  it('connects by the device grant and listens over TLS', async () => {
    const { link } = await program.heard('verify');
    await decideConnect(new Person(runtime, `olga@${slug}.example`), String(link), 'approve', slug);
    const { id } = await program.heard('shared');
    share = `http://${String(id)}.${new URL(runtime.origin).host}`;
    await program.heard('listening');
  });

  it('serves its dashboard to the recipient', async () => {
    rita = new Person(runtime, 'rita@partner.example');
    const signIn = await rita.open(`/invitations/${new URL(share).hostname.split('.')[0]}`);
    const page = await rita.finishSignIn(signIn);
    expect(page.status).toBe(200);
    expect(page.text).toContain('<h1>Transmitter site North</h1>');
  });

  it('answers calls with bodies, small ones and ones beyond the control channel', async () => {
    const value = await call('POST', '/api/value', '{ "elementId": 101 }');
    expect([value.status, value.headers['content-type']]).toEqual([200, 'application/json']);
    expect(JSON.parse(value.text)).toEqual({ value: expect.any(Number) as number });
    const history = await call('GET', '/api/history');
    expect([history.status, history.text]).toEqual([200, 'time,value\n'.repeat(30_000)]);
  });

  it('is asked for nothing that the share does not name', async () => {
    expect((await call('GET', '/api/settings')).status).toBe(403);
  });

  it('is seen to be connected by its owner', async () => {
    const olga = new Person(runtime, `olga@${slug}.example`);
    await olga.signIn();
    const page = await eventually(async () => {
      const open = await olga.open('/');
      return open.text.includes('>Connected<') && open;
    });
    expect(page.status).toBe(200);
  });
});
