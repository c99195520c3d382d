import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../../local/free-port.ts';
import { startProgram, type Application } from './program.ts';

/** RabbitMQ's own first administrator, on this machine only. */
export const administrator = { name: 'guest', password: 'guest' };

export const basic = ({ name, password }: { name: string; password: string }) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});

/** Asks RabbitMQ's management API as some user; the administrator unless told. */
export async function askRabbitmq(
  origin: string,
  method: string,
  path: string,
  body?: unknown,
  user = administrator,
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${origin}/api/${path}`, {
    method,
    headers: { ...basic(user), 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

/** Debian's RabbitMQ with its management plugin: users and permissions of its own, two virtual hosts with a queue each. */
export async function startRabbitmq(): Promise<Application> {
  const [scripts = ''] = globSync('/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin');
  const rabbitmq = await startProgram(
    'rabbitmq',
    async ({ folder, port }) => {
      const [amqp, distribution] = [await freePort(), await freePort()];
      await writeFile(
        join(folder, 'rabbit.conf'),
        `listeners.tcp.1 = 127.0.0.1:${amqp}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = ${port}\n`,
      );
      await writeFile(join(folder, 'plugins'), '[rabbitmq_management].\n');
      return {
        command: join(scripts, 'rabbitmq-server'),
        args: [],
        env: {
          HOME: folder,
          RABBITMQ_NODENAME: `drawbridge-${port}@localhost`,
          RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
          RABBITMQ_LOG_BASE: join(folder, 'log'),
          RABBITMQ_LOGS: '-',
          RABBITMQ_CONFIG_FILE: join(folder, 'rabbit.conf'),
          RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
          RABBITMQ_DIST_PORT: String(distribution),
        },
      };
    },
    async (origin) => (await fetch(`${origin}/api/whoami`, { headers: basic(administrator) })).ok,
  );
  const all = { configure: '.*', write: '.*', read: '.*' };
  for (const [vhost, queue] of [
    ['plant', 'press'],
    ['office', 'payroll'],
  ] as const) {
    await askRabbitmq(rabbitmq.origin, 'PUT', `vhosts/${vhost}`);
    await askRabbitmq(rabbitmq.origin, 'PUT', `permissions/${vhost}/${administrator.name}`, all);
    await askRabbitmq(rabbitmq.origin, 'PUT', `queues/${vhost}/${queue}`, { durable: false });
  }
  return rabbitmq;
}
