import { z } from 'zod';
import { GatewayError } from './gateway-error.ts';
import type { HttpAnswer } from './http-client.ts';

const problemSchema = z.object({
  type: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  errors: z.array(z.object({ field: z.string(), detail: z.string() })).optional(),
});

/** An RFC 9457 problem document of the service. */
export class ServiceProblem extends GatewayError {
  readonly status: number;
  readonly type: string;
  readonly errors: readonly { field: string; detail: string }[];

  constructor(url: URL, answer: HttpAnswer) {
    const problem = read(answer.text);
    const errors = problem.errors ?? [];
    const words = problem.detail ?? problem.title ?? `the service answered ${answer.status}`;
    const fields = errors.map(({ field, detail }) => `${field}: ${detail}`);
    super(codeOf(answer.status), [`${url.host}: ${words}`, ...fields].join('\n  '));
    this.name = 'ServiceProblem';
    this.status = answer.status;
    this.type = problem.type ?? 'about:blank';
    this.errors = errors;
  }
}

function read(text: string): z.infer<typeof problemSchema> {
  try {
    return problemSchema.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

function codeOf(status: number): GatewayError['code'] {
  if (status === 404 || status === 410) return 'not-found';
  return status >= 500 || status === 429 || status === 408 ? 'unreachable' : 'refused';
}
