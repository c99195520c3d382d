import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../local/free-port.ts';

export interface Squid {
  readonly authority: string;
  /** What it was asked to connect to, with the status that it gave: `200 bridge.test:443`. */
  asked(): Promise<string[]>;
  close(): Promise<void>;
}

/**
 * Debian's squid as a company runs it: CONNECT only, and only for whom it knows.
 * @param password of the user `gate`, if it asks for one
 */
export async function startSquid(password?: string): Promise<Squid> {
  // It gives root up, and keeps its files as another user.
  const folder = await mkdtemp(join(tmpdir(), 'squid-'));
  await chmod(folder, 0o777);
  const port = await freePort();
  const users = join(folder, 'users');
  if (password !== undefined) {
    const hash = execFileSync('openssl', ['passwd', '-apr1', password]).toString().trim();
    await writeFile(users, `gate:${hash}\n`);
  }
  const settings = join(folder, 'squid.conf');
  const log = join(folder, 'access.log');
  await writeFile(
    settings,
    [
      `http_port 127.0.0.1:${port}`,
      'acl tunnels method CONNECT',
      'http_access deny !tunnels',
      ...(password === undefined
        ? ['http_access allow all']
        : [
            `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${users}`,
            'acl known proxy_auth REQUIRED',
            'http_access allow known',
            'http_access deny all',
          ]),
      'cache deny all',
      'logformat asked %>Hs %ru',
      `access_log stdio:${log} asked`,
      `cache_log ${join(folder, 'cache.log')}`,
      `pid_filename ${join(folder, 'squid.pid')}`,
      `coredump_dir ${folder}`,
      'netdb_filename none',
      'shutdown_lifetime 0 seconds',
    ].join('\n'),
  );
  const child = spawn('/usr/sbin/squid', ['-N', '-f', settings], { stdio: 'ignore' });
  const gone = once(child, 'exit');
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const up = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (up) break;
    if (child.exitCode !== null)
      throw new Error(`squid ended:\n${await readFile(join(folder, 'cache.log'), 'utf8')}`);
    await pause(100);
  }
  return {
    authority: `127.0.0.1:${port}`,
    async asked() {
      const text = await readFile(log, 'utf8').catch(() => '');
      return text.split('\n').filter((line) => /^\d+ \S+:\d+$/.test(line));
    },
    async close() {
      child.kill('SIGKILL');
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
