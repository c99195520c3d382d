import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person } from '../../local/rehearsal/person.ts';
import { eventually, Runtime } from '../../local/rehearsal/runtime.ts';
import type { Application } from '../support/applications/program.ts';
import { administrator, askRabbitmq, startRabbitmq } from '../support/applications/rabbitmq.ts';

/** The service user goes with its share, whatever was off when the share ended. */
describe('the service user of a share, in RabbitMQ', () => {
  let rabbitmq: Application;
  let runtime: Runtime;
  let gateway: Gateway;

  const usersOfShares = async (): Promise<string[]> => {
    const { text } = await askRabbitmq(rabbitmq.origin, 'GET', 'users');
    const users = JSON.parse(text) as { name: string }[];
    return users.map(({ name }) => name).filter((name) => name !== administrator.name);
  };

  /** @returns the share, and the user that was made for it */
  async function makeShare(title: string): Promise<{ id: string; user: string }> {
    const before = await usersOfShares();
    const calls = join(runtime.dataDir, 'calls.json');
    await writeFile(calls, JSON.stringify([{ method: 'GET', path: '/api/queues/plant/press' }]));
    const made = await gateway.cli(
      ...['share', '--dashboard', title, '--path', '/api/queues/plant/press', '--to', 'ann@guest.example'],
      ...['--calls', calls, '--item', 'plant', '--yes', '--json'],
    );
    expect([made.code, made.stderr]).toEqual([0, expect.any(String)]);
    const [user = '', ...others] = (await usersOfShares()).filter((name) => !before.includes(name));
    expect([user === '', others]).toEqual([false, []]);
    return { id: (JSON.parse(made.stdout) as { id: string }).id, user };
  }

  /** As an owner does who is not at the gateway. */
  async function endAtTheService(id: string): Promise<void> {
    const { accessToken } = await gateway.credentials();
    const headers = { authorization: `Bearer ${accessToken}` };
    const response = await fetch(`http://127.0.0.1:${runtime.port}/api/shares/${id}`, {
      method: 'DELETE',
      headers,
    });
    expect(response.status).toBe(204);
  }

  beforeAll(async () => {
    rabbitmq = await startRabbitmq();
    runtime = await Runtime.start();
    const adminPasswordFile = join(runtime.dataDir, 'rabbitmq-password');
    await writeFile(adminPasswordFile, administrator.password, { mode: 0o600 });
    gateway = await Gateway.at(runtime, rabbitmq.origin, 'gateway-1', {
      kind: 'rabbitmq',
      url: rabbitmq.origin,
      adminName: administrator.name,
      adminPasswordFile,
    });
    await connectGateway(runtime, gateway, new Person(runtime, 'owner@plant.example'), {
      organizationName: 'Plant Ltd',
      organizationSlug: 'plant',
      systemName: 'Plant',
      systemSlug: 'plant-1',
    });
    await gateway.run();
  }, 180_000);

  afterAll(async () => {
    await gateway?.stop();
    await runtime?.stop();
    await rabbitmq?.close();
  });

  it('is removed when the gateway is back, if the share ended while it was off; others stay', async () => {
    const kept = await makeShare('kept');
    const ended = await makeShare('ended');
    await gateway.stop('SIGKILL');
    await endAtTheService(ended.id);
    expect((await usersOfShares()).sort()).toEqual([kept.user, ended.user].sort());
    await gateway.run();
    await eventually(async () => !(await usersOfShares()).includes(ended.user), 60);
    expect(await usersOfShares()).toEqual([kept.user]);
  });

  it('is removed with the others, if the system was disconnected meanwhile', async () => {
    expect(await usersOfShares()).toHaveLength(1);
    const { accessToken } = await gateway.credentials();
    await gateway.stop('SIGKILL');
    const response = await fetch(`http://127.0.0.1:${runtime.port}/api/system`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${accessToken}` },
    });
    expect(response.status).toBe(204);
    void gateway.run().catch(() => {});
    await eventually(async () => (await usersOfShares()).length === 0, 60);
  });
});
