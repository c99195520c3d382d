import { compileAllowlist } from '../../../shared/allowlist/compile.ts';
import {
  decide,
  type AdmittedCall,
  type RawRequest,
  type Refusal,
} from '../../../shared/allowlist/decide.ts';
import { allowlistSchema, type Rule } from '../../../shared/allowlist/rule.ts';

/** 2024-06-15T12:00:00Z */
export const noon = Date.UTC(2024, 5, 15, 12);

export type RuleWithoutId = Omit<Rule, 'id'>;

/** Asks one compiled allowlist. The rules go through the schema, as those of a share do. */
export function asking(rules: readonly RuleWithoutId[], now = noon) {
  const allowlist = allowlistSchema.parse({
    version: 1,
    rules: rules.map((rule, at) => ({ id: `r${at + 1}`, ...rule })),
  });
  const compiled = compileAllowlist(allowlist);
  const ask = (request: RawRequest) => decide(compiled, request, now);
  return {
    ask,
    admitted: (request: RawRequest): AdmittedCall => {
      const decision = ask(request);
      if (!decision.admitted) throw new Error(`refused: ${decision.refusal.difference}`);
      return decision.call;
    },
    refused: (request: RawRequest): Refusal => {
      const decision = ask(request);
      if (decision.admitted) throw new Error(`admitted as ${decision.call.target}`);
      return decision.refusal;
    },
  };
}

export const get = (target: string): RawRequest => ({ method: 'GET', target });

export const post = (
  target: string,
  contentType: string | undefined,
  body: string | Uint8Array,
): RawRequest => ({
  method: 'POST',
  target,
  contentType,
  body: typeof body === 'string' ? Buffer.from(body, 'utf8') : body,
});

export const postJson = (target: string, body: unknown): RawRequest =>
  post(target, 'application/json', typeof body === 'string' ? body : JSON.stringify(body));

export const bodyText = (call: AdmittedCall): string => Buffer.from(call.body ?? []).toString('utf8');
