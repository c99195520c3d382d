import type { RawRequest } from './request.ts';
import { Refused } from './refused.ts';

type Check = (value: string, request: RawRequest) => string | undefined;

const overrides: Check = () => 'overrides the method';
const upgrades: Check = () => 'asks for another protocol';
/** Front ends set these too; harmless while they name the very target that is decided on. */
const renames: Check = (value, request) => (value === request.target ? undefined : 'names another target');

/** Headers that change what a request means to some server behind us. All others are not forwarded. */
const checks = new Map<string, Check>([
  ['x-http-method-override', overrides],
  ['x-http-method', overrides],
  ['x-method-override', overrides],
  ['x-original-method', overrides],
  ['x-original-url', renames],
  ['x-original-uri', renames],
  ['x-rewrite-url', renames],
  ['x-override-url', renames],
  ['x-http-destinationurl', renames],
  ['x-http-path-override', renames],
  ['upgrade', upgrades],
  ['http2-settings', upgrades],
  ['sec-websocket-key', upgrades],
  ['connection', (value) => (/^\s*(?:keep-alive|close)?\s*$/i.test(value) ? undefined : 'nominates headers')],
  [
    'proxy-connection',
    (value) => (/^\s*(?:keep-alive|close)?\s*$/i.test(value) ? undefined : 'nominates headers'),
  ],
  ['content-encoding', (value) => (/^\s*(?:identity)?\s*$/i.test(value) ? undefined : 'compresses the body')],
  ['content-range', () => 'sends a part of a body'],
  ['trailer', () => 'announces trailers'],
  ['transfer-encoding', transferEncoding],
  ['content-length', contentLength],
]);

/** RFC 9112 section 6.1: a length besides a transfer coding is how requests are smuggled. */
function transferEncoding(value: string, request: RawRequest): string | undefined {
  if (value.toLowerCase() !== 'chunked') return 'is not chunked alone';
  return request.headers?.['content-length'] === undefined ? undefined : 'comes with a Content-Length';
}

function contentLength(value: string, request: RawRequest): string | undefined {
  return /^[0-9]{1,15}$/.test(value) && Number(value) === (request.body?.length ?? 0)
    ? undefined
    : 'is not the length of the body';
}

/** @throws Refused when a header would change the meaning of the request */
export function checkHeaders(request: RawRequest): void {
  const headers = request.headers;
  if (headers === undefined) return;
  if (headers['sec-websocket-key'] !== undefined) {
    throw new Refused('upgrade', 'WebSocket connections cannot be shared yet');
  }
  for (const name in headers) {
    const check = checks.get(name);
    const value = check === undefined ? undefined : headers[name];
    if (check === undefined || value === undefined) continue;
    const reason = typeof value === 'string' ? check(value, request) : 'occurs several times';
    if (reason !== undefined) throw new Refused('forbidden-header', `the header ${name} ${reason}`);
  }
}

/** The lower-case names that {@link checkHeaders} looks at, for callers that pass only what matters. */
export const checkedHeaders: readonly string[] = [...checks.keys()];
