import { askRunningGateway } from '../console/console-client.ts';
import { checkApplication } from '../doctor/application-check.ts';
import { checkClock } from '../doctor/clock-check.ts';
import { Findings, NotTried } from '../doctor/finding.ts';
import { checkStateFolder } from '../doctor/state-check.ts';
import { checkWebSocket } from '../doctor/websocket-check.ts';
import {
  authorityOf,
  findName,
  isSecure,
  openTcp,
  openThroughProxy,
  openTls,
  tlsWords,
  type Destination,
} from '../doctor/way.ts';
import type { Gateway } from '../gateway.ts';
import { discover } from '../oauth-metadata.ts';
import type { ListenerAddress } from '../service-client.ts';
import type { Command } from './command.ts';

/** Behind a proxy it is the proxy that looks up the name and opens the connection. */
async function checkWay(found: Findings, { outward }: Gateway, destination: Destination): Promise<boolean> {
  const { url } = destination;
  const proxy = outward.proxy?.proxyFor(url);
  const open = () => (proxy ? openThroughProxy(proxy, url, outward) : openTcp(destination, outward));
  const steps: [string, () => Promise<string>][] = proxy
    ? [
        [
          'proxy',
          async () => {
            (await open()).destroy();
            return `${proxy.host} connects us to ${authorityOf(url)}`;
          },
        ],
      ]
    : [
        ['name', () => findName(destination, outward)],
        [
          'connection',
          async () => {
            const socket = await openTcp(destination, outward);
            const says = `${authorityOf(url)} answers at ${socket.remoteAddress ?? ''}`;
            socket.destroy();
            return says;
          },
        ],
      ];
  if (isSecure(url)) {
    steps.push([
      'tls',
      async () => {
        const socket = await openTls(await open(), destination, outward.ca);
        const says = tlsWords(socket);
        socket.destroy();
        return says;
      },
    ]);
  }
  for (const [index, [name, act]] of steps.entries()) {
    if (await found.check(name, act)) continue;
    found.skip(...steps.slice(index + 1).map(([later]) => later));
    return false;
  }
  return true;
}

/** The relay may be another host, which a firewall or a proxy treats differently. */
async function checkRelay({ outward }: Gateway, address: ListenerAddress): Promise<string> {
  const url = new URL(address.endpoint);
  const destination = { url, writtenIn: 'what the service says of its relay' };
  const proxy = outward.proxy?.proxyFor(url);
  if (!proxy) await findName(destination, outward);
  const stream = proxy ? await openThroughProxy(proxy, url, outward) : await openTcp(destination, outward);
  try {
    if (isSecure(url)) (await openTls(stream, destination, outward.ca)).destroy();
    return `${authorityOf(url)} can be reached`;
  } finally {
    stream.destroy();
  }
}

async function checkTunnel(found: Findings, gateway: Gateway): Promise<void> {
  const { configuration, http, random, store, service } = gateway;
  let address: ListenerAddress | undefined;
  const knows = await found.check('relay', async () => {
    const credentials = await store.read();
    if (credentials?.state !== 'connected') throw new NotTried('not connected yet, so not tried');
    address = await service.listener();
    return checkRelay(gateway, address);
  });
  if (!knows || address === undefined) {
    if (found.all.at(-1)?.ok === false) found.skip('tunnel');
    else await found.check('tunnel', () => Promise.reject(new NotTried('not connected yet, so not tried')));
    return;
  }
  const known = address;
  await found.check('tunnel', async () => {
    const running = await askRunningGateway(configuration.stateDir, http, random);
    if (running?.tunnel?.kind === 'connected') return `connected since ${running.tunnel.since}`;
    return checkWebSocket(gateway, known);
  });
}

async function examine(gateway: Gateway): Promise<Findings> {
  const { configuration, http } = gateway;
  const { service } = configuration;
  const found = new Findings();
  const kept = await found.check('state', async () => {
    const says = await checkStateFolder(configuration.stateDir);
    await gateway.store.read();
    return says;
  });
  const reached =
    (await checkWay(found, gateway, { url: service, writtenIn: '`service`' })) &&
    (await found.check('service', async () => {
      await discover(service, http);
      return `${service.origin} is a Drawbridge service`;
    }));
  if (reached) {
    await found.check('clock', () => checkClock(gateway));
    if (kept) await checkTunnel(found, gateway);
    else found.skip('relay', 'tunnel');
  } else {
    const tried = found.all.some(({ check }) => check === 'service');
    found.skip(...(tried ? [] : ['service']), 'clock', 'relay', 'tunnel');
  }
  await found.check('application', () => checkApplication(gateway));
  return found;
}

const sign = (ok: boolean | null) => (ok === null ? '-' : ok ? 'ok' : 'FAULT');

export const doctorCommand: Command = {
  summary: 'checks state folder, name, proxy, connection, TLS, service, clock, relay, tunnel and application',
  usage: 'doctor [--json]',
  options: {},
  async run({ gateway, json, print }) {
    const found = await examine(gateway);
    if (json) print(JSON.stringify({ checks: found.all }, null, 2));
    else
      for (const { check, ok, says } of found.all) print(`${sign(ok).padEnd(6)} ${check.padEnd(12)} ${says}`);
    return found.sound ? 0 : 1;
  },
};
