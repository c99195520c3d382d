import { lookup } from 'node:dns/promises';
import { connect as tcp } from 'node:net';
import { once } from 'node:events';
import { minute } from '../../shared/clock.ts';
import { networkWords } from '../http-client.ts';
import { wordsOf } from '../gateway-error.ts';
import { isLoopbackHost } from '../service-origin.ts';
import type { Command, CommandContext } from './command.ts';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly says: string;
}

const patience = 10_000;

async function check(name: string, act: () => Promise<string>): Promise<Finding> {
  try {
    return { check: name, ok: true, says: await act() };
  } catch (error) {
    return { check: name, ok: false, says: networkWords(error) || wordsOf(error) };
  }
}

const portOf = (url: URL) => Number(url.port || (/^(https|wss):$/.test(url.protocol) ? 443 : 80));

async function reach(url: URL): Promise<string> {
  const socket = tcp({ host: isLoopbackHost(url.hostname) ? '127.0.0.1' : url.hostname, port: portOf(url) });
  socket.setTimeout(patience, () => socket.destroy(new Error('no answer within 10 s')));
  await once(socket, 'connect');
  const address = socket.remoteAddress ?? '';
  socket.destroy();
  return `${url.host} answers at ${address}`;
}

async function findings({ gateway }: CommandContext): Promise<Finding[]> {
  const { service, upstream } = gateway.configuration;
  return [
    await check('name', async () => {
      if (isLoopbackHost(service.hostname)) return `${service.hostname} is this machine`;
      return `${service.hostname} is ${(await lookup(service.hostname)).address}`;
    }),
    await check('connection', () => reach(service)),
    await check('service', async () => {
      const answer = await gateway.http.send({
        method: 'GET',
        url: new URL('/.well-known/oauth-authorization-server', service),
        timeout: patience,
      });
      if (answer.status !== 200) throw new Error(`it answers ${answer.status} instead of its metadata`);
      return `${service.origin} is a Drawbridge service`;
    }),
    await check('clock', async () => {
      const answer = await gateway.http.send({
        method: 'GET',
        url: new URL('/api/health', service),
        timeout: patience,
      });
      const skew = gateway.clock.now() - Date.parse(answer.headers.date ?? '');
      if (Number.isNaN(skew)) return 'the service tells no time';
      const minutes = Math.round(Math.abs(skew) / minute);
      if (Math.abs(skew) > 10 * minute) {
        throw new Error(
          `this machine's clock is ${minutes} minutes ${skew > 0 ? 'ahead of' : 'behind'} the service; set it`,
        );
      }
      return 'agrees with the service to within 10 minutes';
    }),
    await check('tunnel', async () => {
      const credentials = await gateway.store.read();
      if (credentials?.state !== 'connected') return 'not connected yet, so not tried';
      const { endpoint } = await gateway.service.listener();
      return reach(new URL(endpoint));
    }),
    await check('application', () => reach(upstream)),
  ];
}

export const doctorCommand: Command = {
  summary: 'checks name, connection, service, clock, tunnel and application',
  usage: 'doctor [--json]',
  options: {},
  async run(context) {
    const found = await findings(context);
    if (context.json) context.print(JSON.stringify({ checks: found }, null, 2));
    else
      for (const { check: name, ok, says } of found)
        context.print(`${ok ? 'ok    ' : 'FAULT '} ${name.padEnd(12)} ${says}`);
    return found.every(({ ok }) => ok) ? 0 : 1;
  },
};
