import { compileAllowlist } from '../../../shared/allowlist/compile.ts';
import { decide, type RawRequest } from '../../../shared/allowlist/decide.ts';
import { parseHar, type Har } from '../../../shared/allowlist/har.ts';
import { inferAllowlist, type Inference } from '../../../shared/allowlist/infer.ts';
import { describeAllowlist } from '../../../shared/allowlist/describe.ts';
import { noon } from './asking.ts';

export const origin = 'http://on-prem.example:3000';

/** When the dashboards are opened: a moment that nobody would round to. */
export const opened = noon + 2_096_789;

export interface RecordedCall {
  /** Seconds after the recording's start. */
  readonly after: number;
  readonly url: string;
  readonly method?: string;
  readonly json?: unknown;
  readonly form?: string;
  readonly contentType?: string;
}

/** A recording that starts so many milliseconds after `opened`. */
export function recording(calls: readonly RecordedCall[], start = 0): Har {
  return parseHar({
    log: {
      entries: calls.map(({ after, url, method, json, form, contentType }) => {
        const type =
          contentType ??
          (json === undefined
            ? form === undefined
              ? undefined
              : 'application/x-www-form-urlencoded'
            : 'application/json');
        const text = json === undefined ? form : JSON.stringify(json);
        return {
          startedDateTime: new Date(opened + start + after * 1000).toISOString(),
          request: {
            method: method ?? (text === undefined ? 'GET' : 'POST'),
            url: url.startsWith('/') ? origin + url : url,
            headers: type === undefined ? [] : [{ name: 'Content-Type', value: type }],
            ...(text === undefined ? {} : { postData: { mimeType: type, text } }),
          },
          response: { status: 200 },
        };
      }),
    },
  });
}

export const requestsOf = (har: Har): { request: RawRequest; at: number }[] =>
  har.entries.map(({ method, url, contentType, body, startedAt }) => ({
    at: startedAt,
    request: {
      method,
      target: url.replace(/^[a-z]+:\/\/[^/]*/, ''),
      contentType,
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    },
  }));

/** Infers from recordings and lets calls be asked for. */
export function inferring(
  hars: readonly Har[],
  entryPath = '/',
): Inference & {
  lines: string[];
  admits: (request: RawRequest, at: number) => boolean;
} {
  const inference = inferAllowlist({ hars, origin, entryPath });
  const compiled = compileAllowlist(inference.allowlist);
  return {
    ...inference,
    lines: describeAllowlist(inference.allowlist),
    admits: (request, at) => decide(compiled, request, at).admitted,
  };
}
