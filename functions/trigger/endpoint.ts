import {
  app,
  type HttpMethod,
  type HttpRequest,
  type HttpResponseInit,
  type InvocationContext,
  type Timer,
} from '@azure/functions';
import { OAuthError } from '../../shared/oauth/oauth-error.ts';
import { Problem } from '../../shared/problem.ts';
import { services, type Services } from './services.ts';

app.setup({ enableHttpStream: true });

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
    ...(problem.code === 'internal' && { correlationId }),
  }),
});

/** Turns whatever a handler throws into a response: the one place where that happens. */
export async function answer(
  act: () => Promise<HttpResponseInit>,
  style: ErrorStyle,
  { log }: Pick<Services, 'log'>,
  { functionName, invocationId }: Pick<InvocationContext, 'functionName' | 'invocationId'>,
): Promise<HttpResponseInit> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof OAuthError) {
      return {
        status: error.status,
        headers: { 'cache-control': 'no-store', pragma: 'no-cache' },
        jsonBody: error.toDocument(),
      };
    }
    if (error instanceof Problem) return style(error, invocationId);
    log.error('unexpected', {
      function: functionName,
      correlationId: invocationId,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return style(new Problem('internal', 'Something went wrong. It has been noted.'), invocationId);
  }
}

/** Registers one HTTP function. Every one of ours does its own authentication. */
export function http(
  name: string,
  options: {
    readonly methods: readonly HttpMethod[];
    readonly route: string;
    readonly handler: Handler;
    readonly errors?: ErrorStyle;
  },
): void {
  app.http(name, {
    methods: [...options.methods],
    route: options.route,
    authLevel: 'anonymous',
    handler: (request, context) => {
      const built = services();
      return answer(
        () => options.handler(built, request, context),
        options.errors ?? problemDocument,
        built,
        context,
      );
    },
  });
}

/** Registers one timer. @param schedule NCRONTAB, UTC */
export function timer(name: string, schedule: string, handler: (services: Services) => Promise<void>): void {
  app.timer(name, { schedule, handler: (_timer: Timer) => handler(services()) });
}
