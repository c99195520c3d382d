import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createRabbitmqAdapter } from '../../gateway/adapters/rabbitmq-adapter.ts';
import type { OnPremAdapter } from '../../gateway/adapters/on-prem-adapter.ts';
import { createForwarder } from '../../gateway/forward/forwarder.ts';
import { createUpstream } from '../../gateway/forward/upstream.ts';
import { createWatchers } from '../../gateway/forward/watchers.ts';
import { createHttpClient } from '../../gateway/http-client.ts';
import { createSeal } from '../../gateway/shares/seal.ts';
import { shareRecordFiles } from '../../gateway/shares/share-records.ts';
import { jsonLines } from '../../shared/log.ts';
import { systemClock, systemRandom } from '../../shared/system-clock.ts';
import type { Application } from '../support/applications/program.ts';
import { administrator, askRabbitmq, basic, startRabbitmq } from '../support/applications/rabbitmq.ts';

/** A real application with users and permissions; each of the two walls alone, with the other one down. */
describe('the service user and the allowlist, before RabbitMQ', () => {
  let rabbitmq: Application;
  let folder: string;
  let adapter: OnPremAdapter;
  const http = createHttpClient();
  const user = { name: 'share-test', password: 'seventeen-letters' };
  const dashboard = { id: 'plant', title: 'Plant', entryPath: '/', items: ['plant'] };
  const asUser = (method: string, path: string, body?: unknown) =>
    askRabbitmq(rabbitmq.origin, method, path, body, user).then(({ status }) => status);

  beforeAll(async () => {
    rabbitmq = await startRabbitmq();
    folder = await mkdtemp(join(tmpdir(), 'drawbridge-walls-'));
    const adminPasswordFile = join(folder, 'password');
    await writeFile(adminPasswordFile, `${administrator.password}\n`, { mode: 0o600 });
    adapter = createRabbitmqAdapter(
      { url: rabbitmq.origin, adminName: administrator.name, adminPasswordFile },
      http,
    );
  }, 120_000);

  afterAll(async () => {
    http.close();
    await rabbitmq?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is made to see the items of its dashboard, without the allowlist nothing else either', async () => {
    await adapter.createServiceUser(user, dashboard);
    await adapter.createServiceUser(user, dashboard);
    expect(await asUser('GET', 'queues/plant/press')).toBe(200);
    expect(await asUser('GET', 'queues/office/payroll')).toBe(401);
    expect(await asUser('GET', 'vhosts/office')).toBe(401);
    const { text } = await askRabbitmq(rabbitmq.origin, 'GET', 'queues', undefined, user);
    expect(text).toContain('press');
    expect(text).not.toContain('payroll');
  });

  it('may change nothing, read no message and administer nothing', async () => {
    const message = { properties: {}, routing_key: 'press', payload: 'x', payload_encoding: 'string' };
    const get = { count: 1, ackmode: 'ack_requeue_true', encoding: 'auto' };
    expect(await asUser('POST', 'exchanges/plant/amq.default/publish', message)).toBe(400);
    expect(await asUser('POST', 'queues/plant/press/get', get)).toBe(401);
    expect(await asUser('DELETE', 'queues/plant/press')).not.toBe(204);
    expect(await asUser('PUT', 'queues/plant/mine', {})).not.toBe(201);
    for (const path of ['users', 'definitions', 'nodes', 'permissions']) {
      expect([path, await asUser('GET', path)]).toEqual([path, 401]);
    }
  });

  it('is not made for virtual hosts that are not there, or for none', async () => {
    const other = { ...user, name: 'share-other' };
    await expect(adapter.createServiceUser(other, { ...dashboard, items: ['attic'] })).rejects.toThrow(
      'attic',
    );
    await expect(adapter.createServiceUser(other, { ...dashboard, items: [] })).rejects.toThrow('--item');
    const made = await askRabbitmq(rabbitmq.origin, 'GET', `users/${other.name}`);
    expect(made.status).toBe(404);
  });

  it("lets the allowlist hold even with an administrator's credentials", async () => {
    const records = shareRecordFiles(folder);
    const seal = createSeal(folder, systemRandom);
    await records.write({
      id: 'plant-1',
      state: 'active',
      systemId: 'sys-1',
      dashboard,
      allowlist: {
        version: 1,
        rules: [{ id: 'press', method: 'GET', path: ['api', 'queues', 'plant', 'press'] }],
      },
      serviceUser: { name: user.name, sealedPassword: await seal.seal(user.password, user.name) },
      createdAt: systemClock.now(),
    });
    const upstream = createUpstream(new URL(rabbitmq.origin));
    const forward = createForwarder({
      records,
      adapter: { ...adapter, authenticate: () => basic(administrator) },
      seal,
      upstream,
      upstreamAddress: new URL(rabbitmq.origin),
      applicationReached: async () => true,
      watchers: createWatchers(systemClock),
      clock: systemClock,
      log: jsonLines(
        () => {},
        () => '',
      ),
    });
    const ask = async (method: string, target: string) => {
      const answer = await forward({
        id: 'request-1',
        target: `/plant-1${target}`,
        method,
        headers: {},
        body: Readable.from([]),
        bodyLength: 0,
        signal: new AbortController().signal,
      });
      if (answer.body instanceof Readable) answer.body.resume();
      return answer.status;
    };
    expect(await ask('GET', '/api/queues/plant/press')).toBe(200);
    expect(await ask('GET', '/api/queues/office/payroll')).toBe(403);
    expect(await ask('GET', '/api/queues')).toBe(403);
    expect(await ask('DELETE', '/api/queues/plant/press')).toBe(403);
    expect(await ask('GET', '/api/queues/plant/%2e%2e/office/payroll')).toBe(403);
    upstream.close();
    // The administrator may read it: nothing but the allowlist stood before it.
    expect((await askRabbitmq(rabbitmq.origin, 'GET', 'queues/office/payroll')).status).toBe(200);
  });

  it('is gone when it is deleted, once or twice', async () => {
    await adapter.deleteServiceUser(user.name);
    await adapter.deleteServiceUser(user.name);
    expect(await asUser('GET', 'queues/plant/press')).toBe(401);
  });
});
