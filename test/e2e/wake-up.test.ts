import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person } from '../../local/rehearsal/person.ts';
import { eventually, Runtime } from '../../local/rehearsal/runtime.ts';
import { northCalls, startOnPremApplication } from '../support/on-prem-application.ts';
import { readdir } from 'node:fs/promises';

/** What is ended in the portal ends at the gateway at once: it looks by itself only every three minutes. */
describe('a gateway is woken', () => {
  let runtime: Runtime;
  let application: Awaited<ReturnType<typeof startOnPremApplication>>;
  let gateway: Gateway;
  let owner: Person;
  let systemPath: string;

  beforeAll(async () => {
    runtime = await Runtime.start();
    application = await startOnPremApplication();
    gateway = await Gateway.at(runtime, application.origin);
    owner = new Person(runtime, 'olga@plant.example');
    await connectGateway(runtime, gateway, owner, {
      organizationName: 'Plant Ltd',
      organizationSlug: 'plant',
      systemName: 'Monitoring North',
      systemSlug: 'monitoring-north',
    });
    await gateway.run();
    systemPath = /href="(\/systems\/[^"]+)"/.exec((await owner.open('/')).text)?.[1] ?? '';
  });
  afterAll(async () => {
    await gateway.stop();
    await application.close();
    await runtime.stop();
  });

  const records = () => readdir(join(gateway.stateDir, 'shares'));

  async function share(): Promise<string> {
    const calls = join(runtime.dataDir, 'calls.json');
    await writeFile(calls, JSON.stringify(northCalls));
    const made = await gateway.cli(
      ...['share', '--dashboard', 'north', '--title', 'North', '--path', '/dashboards/north'],
      ...['--to', 'ann@guest.example', '--calls', calls, '--yes', '--json'],
    );
    return (JSON.parse(made.stdout) as { id: string }).id;
  }

  it('when a share is ended in the portal', async () => {
    const id = await share();
    expect(await records()).toEqual([`${id}.json`]);
    // A share made less than a minute ago is asked for by itself before it goes.
    const page = await owner.open(systemPath);
    await owner.submit(page, `${systemPath}/shares/${id}/delete`, {});
    await eventually(async () => (await records()).length === 0);
  });

  it('when the system is disconnected in the portal', async () => {
    const page = await owner.open(systemPath);
    await owner.submit(page, `${systemPath}/disconnect`, { confirm: 'Monitoring North' });
    await eventually(async () => {
      const { stdout } = await gateway.cli('status', '--json');
      return (JSON.parse(stdout) as { state: string }).state === 'deleted';
    }, 30);
  });
});
