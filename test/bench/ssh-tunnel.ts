import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../local/free-port.ts';
import { eventually } from '../../local/rehearsal/runtime.ts';

const accepts = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** What people use today: `ssh -R` to a server of their own. OpenSSH from Debian's packages, on loopback. */
export async function startSshTunnel(
  upstreamPort: number,
): Promise<{ port: number; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-ssh-'));
  const [sshPort, remotePort] = [await freePort(), await freePort()];
  const key = (name: string) =>
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  key('host');
  key('user');
  execFileSync('cp', [join(folder, 'user.pub'), join(folder, 'authorized_keys')]);
  chmodSync(join(folder, 'authorized_keys'), 0o600);
  mkdirSync('/run/sshd', { recursive: true });
  writeFileSync(
    join(folder, 'sshd_config'),
    [
      `Port ${sshPort}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(folder, 'host')}`,
      `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'StrictModes no',
      'UsePAM no',
      `PidFile ${join(folder, 'pid')}`,
    ].join('\n'),
  );
  const daemon = spawn('/usr/sbin/sshd', ['-D', '-f', join(folder, 'sshd_config')], { stdio: 'ignore' });
  await eventually(() => accepts(sshPort));
  const client = spawn(
    'ssh',
    [
      ...['-N', '-p', String(sshPort), '-i', join(folder, 'user')],
      ...[
        '-o',
        'StrictHostKeyChecking=no',
        '-o',
        'UserKnownHostsFile=/dev/null',
        '-o',
        'ExitOnForwardFailure=yes',
      ],
      ...['-R', `127.0.0.1:${remotePort}:127.0.0.1:${upstreamPort}`, `${userInfo().username}@127.0.0.1`],
    ],
    { stdio: 'ignore' },
  );
  await eventually(() => accepts(remotePort));
  return {
    port: remotePort,
    close: async () => {
      for (const child of [client, daemon]) {
        const gone = once(child, 'exit');
        child.kill();
        await gone;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
