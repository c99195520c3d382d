import { z } from 'zod';
import { explicitAllowlist } from '../../shared/allowlist/explicit.ts';
import { parseHar } from '../../shared/allowlist/har.ts';
import { inferAllowlist, type Inference } from '../../shared/allowlist/infer.ts';
import { allowlistSchema } from '../../shared/allowlist/rule.ts';
import { GatewayError, wordsOf } from '../gateway-error.ts';

/** Where the calls of a dashboard are known from. */
export type CallSource =
  /** HAR 1.2 recordings of the dashboard, made on the on-prem network. */
  | { readonly kind: 'har'; readonly recordings: readonly unknown[] }
  /** An explicit list, as people or applications write it. */
  | { readonly kind: 'calls'; readonly calls: unknown }
  /** A finished allowlist. */
  | { readonly kind: 'allowlist'; readonly allowlist: unknown };

/**
 * The allowlist of a dashboard, with what the sharer must know of it.
 * @throws GatewayError `usage` that says what is wrong with the source
 */
export function allowlistFrom(source: CallSource, upstream: URL, entryPath: string): Inference {
  try {
    switch (source.kind) {
      case 'har':
        return inferAllowlist({
          hars: source.recordings.map((recording) => parseHar(recording)),
          origin: upstream.origin,
          entryPath,
        });
      case 'calls':
        return { allowlist: explicitAllowlist(source.calls), warnings: [], ignored: [] };
      case 'allowlist':
        return { allowlist: allowlistSchema.parse(source.allowlist), warnings: [], ignored: [] };
    }
  } catch (error) {
    throw new GatewayError('usage', `The calls of the dashboard cannot be used: ${faultIn(error, source)}`);
  }
}

/** Where a recording or an allowlist is not as it should be: one line instead of the parser's own. */
function faultIn(error: unknown, source: CallSource): string {
  const [issue] = error instanceof z.ZodError ? error.issues : [];
  if (issue === undefined) return wordsOf(error);
  const what = source.kind === 'har' ? 'the recording is no HAR 1.2' : 'the allowlist is not valid';
  return `${what}: ${[...issue.path.map(String), issue.message].join(': ')}`;
}
