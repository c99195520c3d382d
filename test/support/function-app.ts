import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpRequest, InvocationContext, type Cookie, type HttpResponseInit } from '@azure/functions';
import {
  buildFunctionTable,
  findFunction,
  type FunctionTable,
} from '../../local/functions-host/function-table.ts';
import { decodePath } from '../../local/functions-host/request-target.ts';
import { workerApp } from '../../local/functions-host/worker-app.ts';
import { packageRoot } from '../../shared/package-root.ts';

/**
 * Every function as the library registers it, and a way to call one as the host does: the route decides.
 * A test file that uses this provides the module that the worker provides, before anything is imported:
 *
 *     jest.mock('@azure/functions-core', () => jest.requireActual('…/local/functions-host/functions-core.ts'), { virtual: true })
 */
export interface FunctionApp {
  readonly table: FunctionTable;
  readonly dataDir: string;
  /** @throws Error when no function takes it, as the host answers 404 */
  call(target: string, asking?: Asking): Promise<Reply>;
  /** The name of the function that takes it, if any. */
  route(method: string, target: string): string | undefined;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** Sent as a form. */
  readonly fields?: Record<string, string> | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
}

export interface Reply {
  readonly status: number;
  readonly location: string | undefined;
  readonly headers: Headers;
  readonly cookies: readonly Cookie[];
  readonly text: string;
}

/** The origin under which the services of this process know themselves. */
export const portalOrigin = 'http://localhost:7071';

/** Once in a test file: the services of a process are built once. */
export async function loadFunctionApp(settings: Record<string, string> = {}): Promise<FunctionApp> {
  const dataDir = mkdtempSync(join(tmpdir(), 'drawbridge-app-'));
  Object.assign(process.env, { DATA_DIR: dataDir, PUBLIC_ORIGIN: portalOrigin, ...settings });
  const folder = join(packageRoot, 'functions');
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    await import(join(folder, file));
  }
  const table = buildFunctionTable(workerApp.functions.values(), '');
  const find = (method: string, target: string) =>
    findFunction(table.http, method, decodePath(new URL(target, portalOrigin).pathname) ?? '');

  return {
    table,
    dataDir,
    route: (method, target) => find(method, target)?.found.name,
    async call(target, { method = 'GET', headers = {}, fields, json } = {}) {
      const match = find(method, target);
      if (!match) throw new Error(`No function takes ${method} ${target}`);
      const body = fields
        ? new URLSearchParams(fields).toString()
        : json === undefined
          ? undefined
          : JSON.stringify(json);
      const type = fields ? 'application/x-www-form-urlencoded' : 'application/json';
      const request = new HttpRequest({
        url: new URL(target, portalOrigin).href,
        method,
        params: match.params,
        headers: { ...(body !== undefined && { 'content-type': type }), ...headers },
        ...(body !== undefined && { body: { string: body } }),
      });
      const context = new InvocationContext({ functionName: match.found.name, invocationId: randomUUID() });
      const init = (await match.found.registered.callback(request, context)) as HttpResponseInit;
      const given = new Headers(init.headers);
      return {
        status: init.status ?? 200,
        location: given.get('location') ?? undefined,
        headers: given,
        cookies: init.cookies ?? [],
        text: typeof init.body === 'string' ? init.body : '',
      };
    },
  };
}
