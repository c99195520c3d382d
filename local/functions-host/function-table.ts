import { z } from 'zod';
import type { RegisteredFunction } from './core-types.ts';
import { matchRoute, parseRouteTemplate, type RouteParams, type RouteTemplate } from './route-template.ts';

/** A function that answers HTTP requests. */
export interface HttpFunction {
  readonly type: 'httpTrigger';
  readonly name: string;
  readonly triggerName: string;
  /** With the route prefix, without slashes at its ends. */
  readonly route: string;
  readonly template: RouteTemplate;
  /** In capitals. */
  readonly methods: readonly string[];
  /** Whether a caller needs a function key. */
  readonly needsKey: boolean;
  readonly registered: RegisteredFunction;
}

/** A function that runs on a schedule. */
export interface TimerFunction {
  readonly type: 'timerTrigger';
  readonly name: string;
  readonly triggerName: string;
  /** As written, so perhaps holding `%SETTING%`. */
  readonly schedule: string;
  readonly runOnStartup: boolean;
  readonly useMonitor: boolean;
  readonly registered: RegisteredFunction;
}

/** A function whose trigger this host does not serve. */
export interface OtherFunction {
  readonly type: string;
  readonly name: string;
}

export interface FunctionTable {
  /** In the order in which they are tried. */
  readonly http: readonly HttpFunction[];
  readonly timers: readonly TimerFunction[];
  readonly others: readonly OtherFunction[];
}

const httpTrigger = z.object({
  route: z.string().nullish(),
  methods: z.array(z.string()),
  authLevel: z.string().nullish(),
});

const timerTrigger = z.object({
  schedule: z.string(),
  runOnStartup: z.boolean().default(false),
  useMonitor: z.boolean().default(true),
});

/**
 * Sorts out the functions that an app has registered, under the rules of the real host, so that an app
 * which starts here starts there: valid and unique names, no route below `admin` or `runtime`, no two
 * functions with the same route and a method in common.
 * @throws Error naming the function
 */
export function buildFunctionTable(
  functions: Iterable<RegisteredFunction>,
  routePrefix: string,
): FunctionTable {
  const http: HttpFunction[] = [];
  const timers: TimerFunction[] = [];
  const others: OtherFunction[] = [];
  const names = new Set<string>();
  for (const registered of [...functions].sort(byName)) {
    const { name } = registered.metadata;
    if (!/^[a-z][a-z0-9_-]{0,127}$/i.test(name) || name.toLowerCase() === 'host') {
      throw new Error(`The function name "${name}" is not valid.`);
    }
    if (names.has(name.toLowerCase())) throw new Error(`Two functions are named "${name}".`);
    names.add(name.toLowerCase());
    const [triggerName, trigger] =
      Object.entries(registered.metadata.bindings).find(([, { type }]) => /trigger$/i.test(type ?? '')) ?? [];
    if (triggerName === undefined) throw new Error(`The function "${name}" has no trigger.`);
    try {
      const type = trigger?.type ?? '';
      if (/^httptrigger$/i.test(type)) {
        http.push(
          httpFunction({ registered, triggerName, settings: httpTrigger.parse(trigger), routePrefix }),
        );
      } else if (/^timertrigger$/i.test(type)) {
        timers.push({ type: 'timerTrigger', name, triggerName, registered, ...timerTrigger.parse(trigger) });
      } else {
        others.push({ type, name });
      }
    } catch (error) {
      throw new Error(`The function "${name}" cannot be served: ${messageOf(error)}`, { cause: error });
    }
  }
  refuseConflicts(http);
  return { http, timers, others };
}

function httpFunction(given: {
  registered: RegisteredFunction;
  triggerName: string;
  settings: z.infer<typeof httpTrigger>;
  routePrefix: string;
}): HttpFunction {
  const { registered, triggerName, settings, routePrefix } = given;
  const { name } = registered.metadata;
  const own = settings.route?.trim() ? settings.route.replaceAll(/^\/+|\/+$/g, '') : name;
  if (/^(?:admin|runtime)/i.test(own)) throw new Error(`the route "${own}" is reserved by Azure Functions`);
  const route = routePrefix === '' ? own : `${routePrefix}/${own}`;
  return {
    type: 'httpTrigger',
    name,
    triggerName,
    route,
    template: parseRouteTemplate(route),
    methods: settings.methods.map((method) => method.toUpperCase()),
    needsKey: (settings.authLevel ?? 'function').toLowerCase() !== 'anonymous',
    registered,
  };
}

function refuseConflicts(functions: readonly HttpFunction[]): void {
  for (const [index, one] of functions.entries()) {
    for (const other of functions.slice(index + 1)) {
      if (one.route.toLowerCase() !== other.route.toLowerCase()) continue;
      const shared = one.methods.find((method) => other.methods.includes(method));
      if (shared !== undefined) {
        throw new Error(`The functions "${one.name}" and "${other.name}" both take ${shared} ${one.route}.`);
      }
    }
  }
}

/** The order in which the real host tries functions: by name, letter case aside, by code point. */
function byName(one: RegisteredFunction, other: RegisteredFunction): number {
  const left = one.metadata.name.toUpperCase();
  const right = other.metadata.name.toUpperCase();
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * The first function whose method and route fit. There is no 405: as in Azure, a method that no function
 * of that route declares finds nothing, and HEAD must be declared like any other.
 * @param path percent-decoded, see `decodePath`
 */
export function findFunction(
  functions: readonly HttpFunction[],
  method: string,
  path: string,
): { readonly found: HttpFunction; readonly params: RouteParams } | undefined {
  for (const found of functions) {
    if (!found.methods.includes(method)) continue;
    const params = matchRoute(found.template, path);
    if (params !== undefined) return { found, params };
  }
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof z.ZodError
    ? z.prettifyError(error)
    : error instanceof Error
      ? error.message
      : String(error);
}
