import { Agent, get, type IncomingMessage } from 'node:http';
import { figure, percentile, type BenchResult } from './result.ts';
import { shareUpstream } from './shared-upstream.ts';
import { startSshTunnel } from './ssh-tunnel.ts';

interface Way {
  readonly port: number;
  readonly headers: Record<string, string>;
  readonly agent: Agent;
}

const read = (way: Way, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', path, ...way }, (response: IncomingMessage) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(bytes);
        else reject(new Error(`${path}: ${response.statusCode}`));
      });
    });
    request.on('error', reject);
  });

async function latencies(way: Way, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const started = performance.now();
    await read(way, '/kilobyte');
    times.push(performance.now() - started);
  }
  return times;
}

async function throughput(way: Way): Promise<number> {
  const started = performance.now();
  const bytes = await read(way, '/large');
  return bytes / 1e6 / ((performance.now() - started) / 1000);
}

const median = (values: readonly number[]) => percentile(values, 0.5);

/** What the tunnel adds to the application reached directly, and to `ssh -R`, in turn in one run. */
export async function benchTunnel(): Promise<BenchResult[]> {
  const shared = await shareUpstream();
  const ssh = await startSshTunnel(shared.upstreamPort);
  try {
    const share = await shared.share();
    const signIn = await shared.guest.open(`/invitations/${share.id}`);
    await shared.guest.finishSignIn(signIn);
    const { host, port } = new URL(share.url);
    const cookie = [...shared.guest.cookies(host)].map(([name, value]) => `${name}=${value}`).join('; ');
    const agent = () => new Agent({ keepAlive: true, maxSockets: 1 });
    const ways = {
      direct: { port: shared.upstreamPort, headers: {}, agent: agent() },
      ssh: { port: ssh.port, headers: {}, agent: agent() },
      ours: { port: Number(port), headers: { host, cookie }, agent: agent() },
    };
    const names = ['direct', 'ssh', 'ours'] as const;
    const times = { direct: [] as number[], ssh: [] as number[], ours: [] as number[] };
    const rates = { direct: [] as number[], ssh: [] as number[], ours: [] as number[] };
    for (const name of names) await latencies(ways[name], 300);
    for (let round = 0; round < 5; round++) {
      for (const name of names) times[name].push(...(await latencies(ways[name], 400)));
    }
    for (let round = 0; round < 4; round++) {
      for (const name of names) rates[name].push(await throughput(ways[name]));
    }
    const added = (name: 'ours' | 'ssh', fraction: number) =>
      percentile(times[name], fraction) - percentile(times.direct, fraction);
    return [
      figure(
        'tunnel latency 1 kB, added p50',
        'ms',
        added('ours', 0.5),
        { name: 'ssh -R', value: added('ssh', 0.5) },
        { bound: 'at most', value: 3 },
      ),
      figure('tunnel latency 1 kB, added p99', 'ms', added('ours', 0.99), {
        name: 'ssh -R',
        value: added('ssh', 0.99),
      }),
      figure('tunnel latency 1 kB, p50', 'ms', median(times.ours), {
        name: 'direct',
        value: median(times.direct),
      }),
      figure('tunnel latency 1 kB, p99', 'ms', percentile(times.ours, 0.99), {
        name: 'direct',
        value: percentile(times.direct, 0.99),
      }),
      figure(
        'tunnel throughput 100 MB',
        'MB/s',
        median(rates.ours),
        { name: 'ssh -R', value: median(rates.ssh) },
        { bound: 'at least', value: 50 },
      ),
      figure('tunnel throughput 100 MB', 'MB/s', median(rates.ours), {
        name: 'direct',
        value: median(rates.direct),
      }),
    ];
  } finally {
    await ssh.close();
    await shared.close();
  }
}
