import {
  app,
  type HttpMethod,
  type HttpRequest,
  type HttpResponseInit,
  type InvocationContext,
  type Timer,
} from '@azure/functions';
import { Problem } from '../../shared/problem.ts';
import { SecretsUnavailable } from '../../shared/secrets/secret-store.ts';
import { parseTraceparent } from '../../shared/telemetry/trace-context.ts';
import { DocumentTooLarge, InvalidContinuation, StoreUnavailable } from '../../shared/store/store-errors.ts';
import { throughFrontDoor } from './front-door.ts';
import { describes, type Operation } from './operation.ts';
import { services, type Services } from './services.ts';
import { hostTelemetry, startTelemetry } from './telemetry.ts';

app.setup({ enableHttpStream: true });
// Before the first request, so that none is missed.
app.hook.appStart(() => startTelemetry());
app.hook.appTerminate(() => hostTelemetry.close());

export type Handler = (
  services: Services,
  request: HttpRequest,
  context: InvocationContext,
) => Promise<HttpResponseInit>;

/** How errors of this endpoint are written: problem documents, OAuth errors, or pages for people. */
export type ErrorStyle = (problem: Problem, correlationId: string) => HttpResponseInit;

/** RFC 9457. */
export const problemDocument: ErrorStyle = (problem, correlationId) => ({
  status: problem.status,
  headers: {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...(problem.retryAfter !== undefined && { 'retry-after': String(problem.retryAfter) }),
    ...(problem.code === 'unauthorized' && { 'www-authenticate': 'Bearer' }),
  },
  body: JSON.stringify({
    ...problem.toDocument(),
    // What it is called in the log and the traces.
    ...(problem.status >= 500 && { correlationId }),
  }),
});

/** Turns whatever a handler throws into a response: the one place where that happens. */
export async function answer(
  act: () => Promise<HttpResponseInit>,
  style: ErrorStyle,
  { log, telemetry }: Pick<Services, 'log' | 'telemetry'>,
  { functionName, invocationId }: Pick<InvocationContext, 'functionName' | 'invocationId'>,
): Promise<HttpResponseInit> {
  // What a person names when they report it is what the log and the traces call it.
  const correlationId = telemetry.context()?.traceId ?? invocationId;
  try {
    return await act();
  } catch (error) {
    const known = asProblem(error);
    if (known && known.status < 500) return style(known, correlationId);
    if (known) {
      log.warn('not served', { function: functionName, correlationId, error: String(error) });
      return style(known, correlationId);
    }
    log.error('unexpected', {
      function: functionName,
      correlationId,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return style(new Problem('internal', 'Something went wrong. It has been noted.'), correlationId);
  }
}

/** What the caller may know of an error, if anything. */
function asProblem(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (error instanceof InvalidContinuation) {
    const detail = 'This is not a continuation that was handed out for this list.';
    return new Problem('invalid-request', detail, { errors: [{ field: 'continuation', detail }] });
  }
  if (error instanceof DocumentTooLarge)
    return new Problem('payload-too-large', 'This is too large to be kept.');
  if (error instanceof StoreUnavailable || error instanceof SecretsUnavailable) {
    return new Problem('unavailable', 'The service cannot do this just now. Please try again.', {
      retryAfter: 5,
    });
  }
  return undefined;
}

/**
 * In Azure, query parameters and trigger metadata share their names: a parameter called `Headers` would stand in
 * for the headers of the request, and so let anyone forge where it came from.
 */
function refuseForgedHeaders(request: HttpRequest): void {
  for (const name of request.query.keys()) {
    if (name.toLowerCase() !== 'headers') continue;
    const detail = 'No request here has such a parameter.';
    throw new Problem('invalid-request', detail, { errors: [{ field: name, detail }] });
  }
}

/** Keeps the description true: what it does not list is not there. */
function refuseUndescribed(operations: readonly Operation[], request: HttpRequest): void {
  const { pathname } = new URL(request.url);
  if (operations.some((operation) => describes(operation, request.method, pathname))) return;
  throw new Problem('not-found', `There is no ${request.method} here: /openapi.json lists what there is.`);
}

const served: Operation[] = [];

/** Every operation of the functions that were loaded, by path. */
export const operationsServed = (): readonly Operation[] =>
  served.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));

/** One span a request, in the trace that the host began, if it did. */
function observed(
  { telemetry }: Pick<Services, 'telemetry'>,
  request: HttpRequest,
  context: InvocationContext,
  work: () => Promise<HttpResponseInit>,
): Promise<HttpResponseInit> {
  const about = { function: context.functionName, method: request.method };
  return telemetry.span(
    `function ${context.functionName}`,
    about,
    async (span) => {
      const response = await work();
      const status = response.status ?? 200;
      span.set({ status });
      telemetry.count('drawbridge.requests', { ...about, status });
      return response;
    },
    parseTraceparent(context.traceContext?.traceParent),
  );
}

/** Registers one HTTP function. Every one of ours does its own authentication. */
export function http(
  name: string,
  options: {
    readonly methods: readonly HttpMethod[];
    readonly route: string;
    readonly handler: Handler;
    readonly errors?: ErrorStyle;
    /**
     * Every request that this function answers, for `/openapi.json`; any other gets 404 before the handler runs.
     * One entry for each method and path, made with the builders of `operation.ts`, for example:
     * `pageOperation({ id: 'showPlan', path: '/plans/{planId}', summary: 'A plan' })`,
     * `formOperation({ id: 'renamePlan', path: '/plans/{planId}/name', summary: '...', fields: { name: z.string() } })`,
     * `systemOperation({ ..., answers: { 200: jsonAnswer('The plan.', 'Plan', planSchema) }, errors: [409] })`.
     */
    readonly operations: readonly Operation[];
    /** The query is the on-prem application's and may hold any name. */
    readonly anyQuery?: boolean;
  },
): void {
  served.push(...options.operations);
  app.http(name, {
    methods: [...options.methods],
    route: options.route,
    authLevel: 'anonymous',
    handler: (request, context) => {
      const built = services();
      return observed(built, request, context, () =>
        answer(
          () => {
            throughFrontDoor(built.configuration, request);
            if (!options.anyQuery) refuseForgedHeaders(request);
            refuseUndescribed(options.operations, request);
            return options.handler(built, request, context);
          },
          options.errors ?? problemDocument,
          built,
          context,
        ),
      );
    },
  });
}

/** Registers one timer. @param schedule NCRONTAB, UTC */
export function timer(name: string, schedule: string, handler: (services: Services) => Promise<void>): void {
  app.timer(name, {
    schedule,
    handler: (_timer: Timer, context) => {
      const built = services();
      const parent = parseTraceparent(context.traceContext?.traceParent);
      return built.telemetry.span(`timer ${name}`, { function: name }, () => handler(built), parent);
    },
  });
}
