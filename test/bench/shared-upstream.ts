import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectGateway, Gateway } from '../../local/rehearsal/gateway-program.ts';
import { Person } from '../../local/rehearsal/person.ts';
import { Runtime } from '../../local/rehearsal/runtime.ts';
import { packageRoot } from '../../shared/package-root.ts';

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

/**
 * What a browser recorded of a Prometheus graph page, as if this application had served it, with the calls of the
 * benchmarks besides: sharing infers its allowlist from that.
 */
async function recordingAt(origin: string): Promise<unknown> {
  const file = join(packageRoot, 'test/data/allowlist/prometheus-recordings.json');
  const text = await readFile(file, 'utf8');
  const kept = JSON.parse(text) as { origin: string };
  const { recordings } = JSON.parse(text.replaceAll(kept.origin, origin)) as {
    recordings: { first: { har: { log: { entries: object[] } } } };
  };
  const { log } = recordings.first.har;
  const own = ['/kilobyte', '/large', '/gigabyte', '/stream'].map((path) => ({
    startedDateTime: '2026-01-01T12:00:00Z',
    request: { method: 'GET', url: origin + path, headers: [] },
    response: { status: 200 },
  }));
  return { log: { ...log, entries: [...log.entries, ...own] } };
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
  const recording = join(runtime.dataDir, 'dashboard.har');
  await writeFile(recording, JSON.stringify(await recordingAt(`http://127.0.0.1:${upstreamPort}`)));
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
        ...['--har', recording, '--yes', '--json'],
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
