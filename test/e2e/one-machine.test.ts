import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { send } from '../../local/rehearsal/person.ts';
import { eventually, Runtime } from '../../local/rehearsal/runtime.ts';

let runtimes: Runtime[];
beforeAll(async () => {
  runtimes = [
    await Runtime.start({ DEMO: 'on', DEMO_PORT: '0' }),
    await Runtime.start({ DEMO: 'on', DEMO_PORT: '0' }),
  ];
});
afterAll(async () => {
  for (const runtime of runtimes ?? []) await runtime.stop();
});

const first = () => {
  const [runtime] = runtimes;
  if (!runtime) throw new Error('not started');
  return runtime;
};

/** The processes whose command line or environment names this folder. */
function processesOf(dataDir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return ['environ', 'cmdline'].some((each) =>
          readFileSync(`/proc/${pid}/${each}`, 'utf8').includes(dataDir),
        );
      } catch {
        return false;
      }
    });
}

/** Addresses on which a process listens, as the kernel writes them. */
function listening(pid: number): string[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && inode !== undefined && inodes.has(inode))
      .map(([, address = '']) => address.split(':')[0] ?? ''),
  );
}

/** 127.0.0.1 and ::1, in the byte order of this machine. */
const loopback = ['0100007F', '00000000000000000000000001000000'];

describe('the one-machine runtime', () => {
  (process.platform === 'linux' ? it : it.skip)(
    'listens on this machine only, with every process it starts',
    async () => {
      const addresses = await eventually(() => {
        const all = processesOf(first().dataDir).flatMap(listening);
        // Portal, library, relay, demo system, gateway.
        return Promise.resolve(all.length >= 5 && all);
      });
      expect(addresses.filter((address) => !loopback.includes(address))).toEqual([]);
    },
  );

  it('shows its mailbox under its own names alone: no share and no rebound name reads codes', async () => {
    const { port, origin } = first();
    expect((await send(`${origin}/.local/mail`)).status).toBe(200);
    for (const host of [`${'2'.repeat(26)}.localhost`, 'evil.example', 'localhost.evil.example']) {
      const { status } = await send(`http://127.0.0.1:${port}/.local/mail`, {
        headers: { host: `${host}:${port}` },
      });
      expect([host, status]).not.toEqual([host, 200]);
    }
    for (const path of [
      '/.local',
      '/.local/',
      '/.local/secrets',
      '/admin/host/status',
      '/admin/functions',
      '/runtime',
    ]) {
      expect([path, (await send(`${origin}${path}`)).status]).toEqual([path, 404]);
    }
  });

  it('shares no secret and no password with another one: each is made on first start (ASVS 2.10.2)', async () => {
    const files = ['secrets.json', 'demo-system/admin-password.txt', 'gateway/console.key'];
    for (const file of files) {
      const texts = await Promise.all(
        runtimes.map(({ dataDir }) =>
          eventually(() => readFile(join(dataDir, file), 'utf8').catch(() => undefined)),
        ),
      );
      // Long, and with a digit or a capital: what is made at random, as against the names of things.
      const secrets = texts.map((text): string[] => text.match(/(?=\S*[\dA-Z])[\w+/-]{16,}/g) ?? []);
      expect([file, secrets.map(({ length }) => length > 0)]).toEqual([file, [true, true]]);
      expect([file, secrets[0]?.filter((secret) => secrets[1]?.includes(secret))]).toEqual([file, []]);
    }
  });
});
