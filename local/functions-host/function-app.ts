import type { Log } from '../../shared/log.ts';
import { importEntryPoint } from './core-module-hook.ts';
import { buildFunctionTable, type FunctionTable } from './function-table.ts';
import { readHostConfiguration } from './host-configuration.ts';
import { openLibraryProxy, type LibraryProxy } from './library-proxy.ts';
import { runHooks, workerApp } from './worker-app.ts';

/**
 * Runs the entry points of an app and its appStart hooks, and takes stock of what it has registered.
 * @throws Error when an entry point cannot be loaded or a function breaks a rule of the real host
 */
export async function loadFunctionApp(entryPoints: readonly string[], log: Log): Promise<FunctionTable> {
  const [first] = entryPoints;
  if (first === undefined) throw new Error('A function app needs an entry point.');
  const { directory, routePrefix } = readHostConfiguration(first);
  workerApp.log = log;
  for (const file of entryPoints) await importEntryPoint(file);
  await runHooks('appStart', Object.assign(appLevelContext(), { functionAppDirectory: directory }));
  workerApp.locked = true;
  const table = buildFunctionTable(workerApp.functions.values(), routePrefix);
  warnOfUnsupported(table, log);
  return table;
}

/** Runs the appTerminate hooks of the app. */
export async function terminateFunctionApp(): Promise<void> {
  await runHooks('appTerminate', appLevelContext());
}

/** The library's server, when the app has functions that need it. */
export async function openLibraryProxyOf(table: FunctionTable): Promise<LibraryProxy | undefined> {
  if (table.http.length === 0) return undefined;
  if (workerApp.programmingModel === undefined) throw new Error('The app has not set its programming model.');
  return openLibraryProxy(workerApp.programmingModel);
}

function warnOfUnsupported({ http, timers, others }: FunctionTable, log: Log): void {
  for (const { name, type } of others) log.warn('function.unsupported', { function: name, type });
  for (const { name, registered } of [...http, ...timers]) {
    if (registered.metadata.retryOptions === undefined) continue;
    log.warn('function.unsupported', { function: name, type: 'retry' });
  }
}

function appLevelContext() {
  return { hookData: workerApp.appLevelHookData, appHookData: workerApp.appHookData };
}
