import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { OAuthError } from '../../shared/oauth/oauth-error.ts';
import { Problem } from '../../shared/problem.ts';
import type { ErrorStyle, Handler } from './endpoint.ts';
import { readBody } from './request-body.ts';

/** The only client there is: gateways of any make, which can keep no secret (RFC 6749 section 2.1). */
export const publicClientId = 'drawbridge-gateway';

/**
 * What every token is good for: to act for its system. There is no other scope; what a client asks for is
 * ignored, so each token response says what was granted (RFC 6749 section 3.3).
 */
export const grantedScope = 'system';

/** What every request to an OAuth endpoint holds. */
export const clientSchema = z.object({ client_id: z.literal(publicClientId) });

/** RFC 6749 section 5.1: neither tokens nor errors about them are ever cached. */
const oauthHeaders = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  pragma: 'no-cache',
} as const;

/** The parameters that are read anywhere; each may be given once. */
const parameters: ReadonlySet<string> = new Set([
  'client_id',
  'client_secret',
  'client_assertion',
  'scope',
  'grant_type',
  'device_code',
  'refresh_token',
  'attempt',
  'earlier_attempts',
  'token',
  'token_type_hint',
  'gateway_name',
  'application',
]);

export const oauthJson = (body: unknown): HttpResponseInit => ({
  status: 200,
  headers: oauthHeaders,
  body: JSON.stringify(body),
});

/** RFC 6749 section 5.2: printable ASCII without `"` and `\`. */
const plainAscii = (text: string) => text.replace(/[^\x20-\x7e]|["\\]/g, "'");

/** RFC 6749 section 5.2 for errors that are none of OAuth's own. */
export const oauthErrors: ErrorStyle = (problem, correlationId) => ({
  status: problem.status,
  headers: {
    ...oauthHeaders,
    ...(problem.retryAfter !== undefined && { 'retry-after': String(problem.retryAfter) }),
  },
  body: JSON.stringify({
    error: problem.status >= 500 || problem.status === 429 ? 'temporarily_unavailable' : 'invalid_request',
    error_description: problem.status >= 500 ? correlationId : plainAscii(problem.message),
  }),
});

/** RFC 6749 section 5.2: the challenge matches the scheme that the client used. RFC 9110 wants one in each 401. */
function challenge(request: HttpRequest): string {
  const scheme = /^[a-z][a-z0-9-]{0,20}(?= |$)/i.exec(request.headers.get('authorization') ?? '')?.[0];
  return `${scheme ?? 'Basic'} realm="drawbridge"`;
}

/** Gives the errors of an OAuth endpoint the form of RFC 6749 section 5.2. */
export const oauthEndpoint =
  (handler: Handler): Handler =>
  async (services, request, context) => {
    try {
      return await handler(services, request, context);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      return {
        status: error.status,
        headers: {
          ...oauthHeaders,
          ...(error.status === 401 && { 'www-authenticate': challenge(request) }),
          // RFC 7009 section 2.2.1; clients wait that long and ask again.
          ...(error.status === 503 && { 'retry-after': '1' }),
        },
        body: JSON.stringify({ ...error.toDocument(), error_description: plainAscii(error.message) }),
      };
    }
  };

/**
 * A form sent to an OAuth endpoint, its client identified.
 * @throws OAuthError invalid_request, invalid_client; Problem for what is no form
 */
export async function readOAuthForm(request: HttpRequest): Promise<Record<string, string>> {
  const fields = await readParameters(request);
  // RFC 6749 section 6: a credential that is included must be checked, and this client has none.
  if (request.headers.has('authorization') || fields.client_secret || fields.client_assertion) {
    throw new OAuthError(
      'invalid_client',
      'This client is public: send client_id in the body, and no secret.',
    );
  }
  if (fields.client_id === undefined) throw new OAuthError('invalid_request', 'client_id is missing.');
  if (fields.client_id !== publicClientId) throw new OAuthError('invalid_client', 'The client is not known.');
  return fields;
}

/**
 * RFC 6749 section 3.2: one without a value counts as absent, unknown ones are ignored, also where they are
 * repeated (erratum 5708; RFC 8707 repeats `resource`).
 */
async function readParameters(request: HttpRequest): Promise<Record<string, string>> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') {
    throw new Problem('unsupported-media-type', 'Send the parameters as application/x-www-form-urlencoded.');
  }
  const fields: Record<string, string> = {};
  const given = new Set<string>();
  for (const [name, value] of new URLSearchParams(utf8(await readBody(request, 16_384)))) {
    if (!parameters.has(name)) continue;
    if (given.has(name)) throw new OAuthError('invalid_request', `${name} is given twice.`);
    given.add(name);
    if (value !== '') fields[name] = value;
  }
  return fields;
}

function utf8(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw new OAuthError('invalid_request', 'The body is not valid UTF-8.');
  }
}
