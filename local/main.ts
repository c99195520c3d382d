import { fork, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { services, wakeUpHubKey } from '../functions/trigger/services.ts';
import { shareOriginPrefix } from '../functions/trigger/share-origin.ts';
import { readConfiguration } from '../shared/configuration.ts';
import { jsonLines } from '../shared/log.ts';
import { shareIdOfHost } from '../shared/shares/share-access.ts';
import { systemClock } from '../shared/system-clock.ts';
import { freePort } from './free-port.ts';
import { listenRule, sendRule } from '../shared/tunnel/relay-tokens.ts';
import { functionEntryPoints } from './function-entry-points.ts';
import { startFunctionsHost } from './functions-host/functions-host.ts';
import { createMailboxIntercept } from './mailbox/mailbox-intercept.ts';
import { startRelay } from './relay/relay.ts';
import { startWakeUpHub } from './wake-up/wake-up-hub.ts';
import { wakeUpHub } from '../shared/wake-up/wake-up.ts';
import { welcome } from './welcome.ts';

/* eslint-disable no-restricted-properties -- the composition root of the one-machine runtime */
const settings = process.env;
/* eslint-enable no-restricted-properties */

/** `--package FOLDER`: runs the functions that `npm run package` put there. */
const { package: packaged } = parseArgs({ options: { package: { type: 'string' } } }).values;

const log = jsonLines(
  (line) => process.stderr.write(`${line}\n`),
  () => new Date(systemClock.now()).toISOString(),
);

/** Port 0 means any: chosen here, since the portal's origin and the relay's address follow from it. */
async function settlePorts(): Promise<void> {
  if (settings.PORT === '0') settings.PORT = String(await freePort());
  const relayOrigin = settings.RELAY_TLS_CERT ? 'https://localhost' : 'http://127.0.0.1';
  settings.RELAY_ENDPOINT ??= `${relayOrigin}:${settings.PORT === undefined ? 7072 : await portAfter(Number(settings.PORT))}`;
  // A further host of one service is told where the hub of the first is.
  if (settings.RELAY !== 'off')
    settings.WEB_PUBSUB_ENDPOINT ??= `http://127.0.0.1:${settings.PORT === undefined ? 7073 : await freePort()}`;
  settings.DATA_DIR = resolve(settings.DATA_DIR ?? '.data');
}

const portAfter = async (port: number) => (port === 7071 ? 7072 : freePort());

/** The relay's certificate and key, PEM files both: listeners of other makes speak TLS only. */
async function relayTls() {
  const { RELAY_TLS_CERT: cert, RELAY_TLS_KEY: key } = settings;
  if (!cert !== !key) throw new Error('RELAY_TLS_CERT, RELAY_TLS_KEY: give both or none.');
  return cert && key ? { tls: { cert: await readFile(cert), key: await readFile(key) } } : {};
}

interface Child {
  readonly process: ChildProcess;
  readonly ready: Promise<Record<string, string>>;
}

/** Starts a program of its own that ends with this one, even when this one is killed. */
function start(script: string, args: readonly string[]): Child {
  const child = fork(join(import.meta.dirname, '..', script), args, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const ready = new Promise<Record<string, string>>((resolveReady, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const line = text.split('\n').find((each) => each.startsWith('{"ready":true'));
      if (line) resolveReady(JSON.parse(line) as Record<string, string>);
      if (text.length > 65_536) text = text.slice(-4096);
    });
    child.once('exit', (code) => reject(new Error(`${script} ended with ${String(code)}`)));
  });
  ready.catch(() => {});
  return { process: child, ready };
}

async function startDemo(dataDir: string, publicOrigin: string) {
  const demoPort = settings.DEMO_PORT ?? (settings.PORT === '7071' || !settings.PORT ? '7080' : '0');
  const consolePort =
    settings.GATEWAY_CONSOLE_PORT ?? (demoPort === '7080' ? '7081' : String(await freePort()));
  const stateDir = join(dataDir, 'gateway');
  const demoDir = join(dataDir, 'demo-system');
  const demo = start('local/demo-system/main.js', [
    JSON.stringify({
      port: Number(demoPort),
      dataDir: demoDir,
      gateway: { url: `http://127.0.0.1:${consolePort}`, keyFile: join(stateDir, 'console.key') },
    }),
  ]);
  const { origin = '', adminName = 'admin', adminPassword = '' } = await demo.ready;
  const config = join(dataDir, 'drawbridge-gateway.json');
  await writeFile(
    config,
    `${JSON.stringify(
      {
        service: publicOrigin,
        upstream: origin,
        stateDir,
        name: 'demo gateway',
        console: { port: Number(consolePort) },
        adapter: {
          kind: 'hilltop',
          url: origin,
          adminName,
          adminPasswordFile: join(demoDir, 'admin-password.txt'),
        },
      },
      null,
      2,
    )}\n`,
    { mode: 0o600 },
  );
  const gateway = start('gateway/cli.js', ['run', '--config', config]);
  const console = `http://127.0.0.1:${consolePort}`;
  return { origin, adminName, adminPassword, config, console, children: [demo.process, gateway.process] };
}

async function main(): Promise<void> {
  await settlePorts();
  const configuration = readConfiguration(settings);
  const { dataDir, publicOrigin, shareDomain, relayEndpoint, port } = configuration;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const { secrets, store, journal } = services();
  const keyOf = async (name: 'relay-listen-key' | 'relay-send-key') =>
    Buffer.from((await secrets.current(name)).value).toString('base64');

  const { port: relayPort, protocol } = new URL(relayEndpoint);
  // Several hosts of one service share a relay, as they share the folder.
  const relay =
    settings.RELAY === 'off'
      ? undefined
      : await startRelay({
          port: Number(relayPort || (protocol === 'https:' ? 443 : 80)),
          ...(await relayTls()),
          keys: {
            [listenRule]: { key: await keyOf('relay-listen-key'), rights: ['Listen'] },
            [sendRule]: { key: await keyOf('relay-send-key'), rights: ['Send'] },
          },
          log,
          clock: systemClock,
        });
  const hubAddress = new URL(configuration.webPubSubEndpoint ?? 'https://none.invalid');
  const hub =
    settings.RELAY !== 'off' && hubAddress.protocol === 'http:'
      ? await startWakeUpHub({
          port: Number(hubAddress.port),
          hub: wakeUpHub,
          key: await wakeUpHubKey(secrets),
          log,
        })
      : undefined;
  const host = await startFunctionsHost({
    entryPoints: await functionEntryPoints(packaged),
    port,
    log,
    clock: systemClock,
    // What Front Door does in Azure: the wildcard domain leads to the tunnel function.
    rewrite: ({ host: name, url }) =>
      shareIdOfHost(name, shareDomain) === undefined
        ? undefined
        : { url: `${shareOriginPrefix}${url}`, headers: { 'x-forwarded-host': name } },
    intercept: createMailboxIntercept({ folder: join(dataDir, 'mail'), publicOrigin }),
  });
  const demo = settings.DEMO === 'off' ? undefined : await startDemo(dataDir, publicOrigin);

  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    for (const child of demo?.children ?? []) child.kill('SIGTERM');
    await host.close();
    await relay?.close();
    await hub?.close();
    await journal
      .flush()
      .catch((error: unknown) => log.error('journal not written', { error: String(error) }));
    await store.close();
    process.exit(0);
  };
  // npm's shell passes no signal on: when it is gone, so is who wanted this to run.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && void stop(), 500).unref();
  process.once('SIGINT', () => void stop());
  process.once('SIGTERM', () => void stop());

  process.stdout.write(welcome({ publicOrigin, dataDir, relayEndpoint, demo }));
  // For the program that started this one: tests, the demo, benchmarks.
  process.send?.({
    ready: true,
    publicOrigin,
    relayEndpoint,
    wakeUpEndpoint: hub?.endpoint,
    demo: demo?.origin,
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
