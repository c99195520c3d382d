import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect as tcp, isIP } from 'node:net';
import { connect as tls } from 'node:tls';
import { minute } from '../../shared/clock.ts';
import { listenAddress } from '../../shared/tunnel/hybrid-connection-address.ts';
import { HandshakeError, openSocket } from '../../shared/tunnel/hybrid-connection-handshake.ts';
import { wordsOf } from '../gateway-error.ts';
import { loopbackLookup, networkWords, outwardAgents, trusting } from '../http-client.ts';
import { discover } from '../oauth-metadata.ts';
import { isLoopbackHost } from '../service-origin.ts';
import type { Command, CommandContext } from './command.ts';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly says: string;
}

const patience = 10_000;

/** One line, whatever the reason. */
const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();

async function check(name: string, act: () => Promise<string>): Promise<Finding> {
  try {
    return { check: name, ok: true, says: oneLine(await act()) };
  } catch (error) {
    return { check: name, ok: false, says: oneLine(networkWords(error) || wordsOf(error)) };
  }
}

const isSecure = (url: URL) => url.protocol === 'https:' || url.protocol === 'wss:';
const hostOf = (url: URL) => url.hostname.replace(/^\[|\]$/g, '');
const target = (url: URL) => ({
  host: hostOf(url),
  port: Number(url.port || (isSecure(url) ? 443 : 80)),
  ...(url.hostname.endsWith('.localhost') && { lookup: loopbackLookup }),
});

async function reach(url: URL): Promise<string> {
  const socket = tcp(target(url));
  try {
    socket.setTimeout(patience, () => socket.destroy(new Error('no answer within 10 s')));
    await once(socket, 'connect');
    return `${url.host} answers at ${socket.remoteAddress ?? ''}`;
  } catch (error) {
    throw new Error(`${url.host}: ${networkWords(error)}`, { cause: error });
  } finally {
    socket.destroy();
  }
}

/** RFC 6066 section 3: an address is no server name. */
const serverName = (url: URL) => (isIP(hostOf(url)) === 0 ? { servername: hostOf(url) } : {});

async function secure(url: URL, ca: string | undefined): Promise<string> {
  const socket = tls({ ...target(url), ...serverName(url), minVersion: 'TLSv1.2', ...trusting(ca) });
  try {
    socket.setTimeout(patience, () => socket.destroy(new Error('no answer within 10 s')));
    await once(socket, 'secureConnect');
    return `${socket.getProtocol() ?? 'TLS'}, certificate valid until ${socket.getPeerCertificate().valid_to}`;
  } finally {
    socket.destroy();
  }
}

/** The proxy that stands between, if one is set for an address of that scheme. */
function proxyFor(url: URL, env: CommandContext['proxyEnv']): URL | undefined {
  const excepted = (env.no_proxy ?? env.NO_PROXY ?? '').split(',').map((each) => each.trim());
  const isExcepted = (each: string) =>
    each === '*' || each === url.hostname || `.${url.hostname}`.endsWith(`.${each.replace(/^\*?\.?/, '')}`);
  if (isLoopbackHost(url.hostname) || excepted.some((each) => each !== '' && isExcepted(each)))
    return undefined;
  const set = isSecure(url) ? (env.https_proxy ?? env.HTTPS_PROXY) : (env.http_proxy ?? env.HTTP_PROXY);
  return set ? (URL.parse(set) ?? undefined) : undefined;
}

/**
 * Knocks at the relay without a token: it must understand the WebSocket handshake and answer 401. With a token the
 * relay would take this for another listener, and a viewer's request could come to nobody.
 */
async function upgrade({ gateway, proxyEnv }: CommandContext): Promise<string> {
  const { endpoint, path } = await gateway.service.listener();
  const address = listenAddress(endpoint, path);
  const ca = gateway.ca;
  const agents = outwardAgents({
    ...(ca !== undefined && { ca }),
    ...(!isLoopbackHost(new URL(endpoint).hostname) && { proxyEnv }),
  });
  try {
    const socket = await openSocket({
      address,
      random: gateway.random,
      within: patience,
      agent: endpoint.startsWith('wss:') ? agents.https : agents.http,
      handlers: { text: () => {}, closed: () => {} },
    });
    socket.destroy();
    throw new Error('it lets anybody listen');
  } catch (error) {
    if (!(error instanceof HandshakeError) || error.status !== 401) throw error;
    return `${new URL(endpoint).host} understands WebSocket handshakes`;
  } finally {
    for (const agent of Object.values(agents)) agent.destroy();
  }
}

async function tellTime({ gateway }: CommandContext): Promise<string> {
  const { service } = gateway.configuration;
  const url = new URL('/api/health', service);
  const answer = await gateway.http.send({ method: 'GET', url, timeout: patience });
  const skew = gateway.clock.now() - Date.parse(answer.headers.date ?? '');
  if (Number.isNaN(skew)) return 'the service tells no time';
  if (Math.abs(skew) <= 10 * minute) return 'agrees with the service to within 10 minutes';
  const minutes = Math.round(Math.abs(skew) / minute);
  const where = skew > 0 ? 'ahead of' : 'behind';
  throw new Error(`this machine's clock is ${minutes} minutes ${where} the service; set it`);
}

async function findings(context: CommandContext): Promise<Finding[]> {
  const { gateway, proxyEnv } = context;
  const { service, upstream } = gateway.configuration;
  const proxy = proxyFor(service, proxyEnv);
  const found: Finding[] = [];
  const add = async (name: string, act: () => Promise<string>) => found.push(await check(name, act));

  // Behind a proxy it is the proxy that looks up the name and opens the connection.
  if (proxy) await add('proxy', () => reach(proxy));
  else {
    await add('name', async () => {
      if (isLoopbackHost(service.hostname)) return `${service.hostname} is this machine`;
      return `${service.hostname} is ${(await lookup(hostOf(service))).address}`;
    });
    await add('connection', () => reach(service));
    if (isSecure(service)) await add('tls', () => secure(service, gateway.ca));
  }
  await add('service', async () => {
    await discover(service, gateway.http);
    return `${service.origin} is a Drawbridge service`;
  });
  await add('clock', () => tellTime(context));
  await add('tunnel', async () => {
    const credentials = await gateway.store.read();
    return credentials?.state === 'connected' ? upgrade(context) : 'not connected yet, so not tried';
  });
  await add('application', () => reach(upstream));
  return found;
}

export const doctorCommand: Command = {
  summary: 'checks name, proxy, connection, TLS, service, clock, tunnel and application',
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
