import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person } from '../../local/rehearsal/person.ts';
import { Runtime } from '../../local/rehearsal/runtime.ts';

export interface SharedUpstream {
  readonly runtime: Runtime;
  readonly gateway: Gateway;
  readonly owner: Person;
  readonly guest: Person;
  readonly upstreamPort: number;
  /** Makes a share for the guest through the command line. */
  share(): Promise<{ id: string; url: string }>;
  close(): Promise<void>;
}

/** The one-machine runtime with a connected gateway before the application of the benchmarks. */
export async function shareUpstream(): Promise<SharedUpstream> {
  const application = fork(join(import.meta.dirname, 'upstream.js'), {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const [line] = (await once(application.stdout ?? application, 'data')) as [Buffer];
  const upstreamPort = Number(line.toString());
  const runtime = await Runtime.start();
  const gateway = await Gateway.at(runtime, `http://127.0.0.1:${upstreamPort}`);
  const owner = new Person(runtime, 'owner@plant.example');
  await connectGateway(runtime, gateway, owner, {
    organizationName: 'Plant Ltd',
    organizationSlug: 'plant',
    systemName: 'Bench',
    systemSlug: 'bench',
  });
  await gateway.run();
  const calls = join(runtime.dataDir, 'calls.json');
  await writeFile(
    calls,
    JSON.stringify(['/kilobyte', '/large', '/gigabyte', '/stream'].map((path) => ({ method: 'GET', path }))),
  );
  return {
    runtime,
    gateway,
    owner,
    guest: new Person(runtime, 'guest@partner.example'),
    upstreamPort,
    share: async () => {
      const made = await gateway.cli(
        'share',
        ...[
          '--dashboard',
          'bench',
          '--title',
          'Bench',
          '--path',
          '/kilobyte',
          '--to',
          'guest@partner.example',
        ],
        ...['--calls', calls, '--yes', '--json'],
      );
      if (made.code !== 0) throw new Error(made.stderr + made.stdout);
      return JSON.parse(made.stdout) as { id: string; url: string };
    },
    close: async () => {
      await gateway.stop();
      await runtime.stop();
      application.disconnect();
    },
  };
}
