import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { second, type Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { provideCoreModule } from './core-module-hook.ts';
import type { InvocationRequest, RegisteredFunction } from './core-types.ts';
import { reportFailure } from './failure-report.ts';
import { loadFunctionApp, openLibraryProxyOf, terminateFunctionApp } from './function-app.ts';
import type { FunctionTable } from './function-table.ts';
import { exchangeWithLibrary, type HttpExchange } from './http-exchange.ts';
import { createHttpFront, type HttpFront, type Intercept, type Rewrite } from './http-front.ts';
import { invoke } from './invocation.ts';
import type { LibraryProxy } from './library-proxy.ts';
import { timerRunners } from './timer-functions.ts';
import type { TimerRunner } from './timer-runner.ts';

export type { Intercept, Rewrite };

/** How to run a function app on one machine. */
export interface FunctionsHostOptions {
  /** Absolute paths of the app's JavaScript files, imported in this order. `host.json` lies beside or above them. */
  readonly entryPoints: readonly string[];
  /** 0 for any free port. */
  readonly port: number;
  /** 127.0.0.1 unless given. */
  readonly hostname?: string;
  readonly log: Log;
  readonly clock: Clock;
  /** As the outside sees this host, when something in front of it ends TLS. */
  readonly publicOrigin?: string;
  /** App settings, for `%NAME%` in schedules. */
  readonly settings?: Readonly<Record<string, string | undefined>>;
  /** Changes path and fields of a request before routing, as Azure Front Door would. Fields replace the client's. */
  readonly rewrite?: Rewrite;
  /** Serves what only the one-machine runtime has. */
  readonly intercept?: Intercept;
  /** How long `close` waits for requests and runs in progress: milliseconds, 5,000 unless given. */
  readonly graceOnClose?: number;
  /** Whether timers fire by themselves; `runTimer` works either way. True unless given. */
  readonly timers?: boolean;
}

/** A running function app. */
export interface FunctionsHost {
  readonly origin: string;
  readonly port: number;
  readonly functions: readonly ServedFunction[];
  /** Runs a timer function now. Rejects with what it threw, or when there is no such timer. */
  runTimer(name: string): Promise<void>;
  /** Stops timers, lets requests and runs in progress finish for a while, closes every socket. */
  close(): Promise<void>;
}

export interface ServedFunction {
  readonly name: string;
  readonly type: string;
  readonly route?: string;
  readonly methods?: readonly string[];
  readonly schedule?: string;
}

let started = false;

/**
 * Serves a function app written for `@azure/functions` 4 with HTTP streaming, through the library itself.
 * Works once in a process, and before anything else has imported the library's users: the library keeps
 * its state in module variables and remembers whether it found a host.
 * @throws Error when the app cannot be loaded, breaks a rule of the real host, or the port is taken
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  if (started) throw new Error('The Functions host can be started once in a process.');
  started = true;
  const withdrawCoreModule = provideCoreModule();
  let proxy: LibraryProxy | undefined;
  try {
    const table = await loadFunctionApp(options.entryPoints, options.log);
    const runners = timerRunners({
      functions: table.timers,
      settings: options.settings ?? {},
      clock: options.clock,
      run: (registered, request) => runTimerFunction(options, registered, request),
    });
    proxy = await openLibraryProxyOf(table);
    const front = createFront(options, table, proxy);
    await listen(front, options);
    if (options.timers !== false) for (const { runner, atOnce } of runners.values()) runner.start(atOnce);
    const close = async () => {
      await settle(front, runners, options.graceOnClose ?? 5 * second);
      proxy?.close();
      await terminateFunctionApp();
      withdrawCoreModule();
    };
    let closed: Promise<void> | undefined;
    return {
      ...addressOf(front, options.hostname),
      functions: servedFunctions(table),
      runTimer: async (name) => {
        const timer = runners.get(name);
        if (timer === undefined) throw new Error(`There is no timer function "${name}".`);
        await timer.runner.runNow();
      },
      close: () => (closed ??= close()),
    };
  } catch (error) {
    proxy?.close();
    withdrawCoreModule();
    throw error;
  }
}

function createFront(
  options: FunctionsHostOptions,
  table: FunctionTable,
  proxy: LibraryProxy | undefined,
): HttpFront {
  const protocol = options.publicOrigin === undefined ? 'http:' : new URL(options.publicOrigin).protocol;
  const front: HttpFront = createHttpFront({
    functions: table.http,
    rewrite: options.rewrite,
    intercept: options.intercept,
    protocol: protocol.slice(0, -1),
    defaultHost: () => new URL(addressOf(front, options.hostname).origin).host,
    forward: (exchange: HttpExchange) => {
      if (proxy === undefined) return;
      const { registered } = exchange.found;
      const began = options.clock.now();
      exchangeWithLibrary(exchange, proxy, {
        invoke: (request) => invoke({ registered, request, answersHttp: true }),
        report: (error, invocation) => {
          reportFailure(options, { function: registered.metadata.name, invocation, started: began, error });
        },
      });
    },
    report: (error, invocation) => {
      reportFailure(options, { function: 'host', invocation, started: options.clock.now(), error });
    },
  });
  return front;
}

async function runTimerFunction(
  options: FunctionsHostOptions,
  registered: RegisteredFunction,
  request: InvocationRequest,
): Promise<void> {
  const began = options.clock.now();
  try {
    await invoke({ registered, request, answersHttp: false });
  } catch (error) {
    const { name } = registered.metadata;
    reportFailure(options, { function: name, invocation: request.invocationId, started: began, error });
    throw error;
  }
}

async function listen({ server }: HttpFront, options: FunctionsHostOptions): Promise<void> {
  server.listen(options.port, options.hostname ?? '127.0.0.1');
  await once(server, 'listening');
}

function addressOf({ server }: HttpFront, hostname = '127.0.0.1'): { origin: string; port: number } {
  const address = server.address();
  const port = address === null || typeof address === 'string' ? 0 : address.port;
  return { origin: `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`, port };
}

async function settle(
  front: HttpFront,
  timers: ReadonlyMap<string, { readonly runner: TimerRunner }>,
  grace: number,
): Promise<void> {
  const finished = new AbortController();
  const stopped = [...timers.values()].map(({ runner }) => runner.stop());
  const waited = delay(grace, undefined, { signal: finished.signal }).catch(() => undefined);
  await Promise.race([Promise.all([front.drain(), ...stopped]), waited]);
  finished.abort();
  front.server.closeAllConnections();
}

function servedFunctions({ http, timers, others }: FunctionTable): ServedFunction[] {
  return [
    ...http.map(({ name, type, route, methods }) => ({ name, type, route, methods })),
    ...timers.map(({ name, type, schedule }) => ({ name, type, schedule })),
    ...others,
  ];
}
