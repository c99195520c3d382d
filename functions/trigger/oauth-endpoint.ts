import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { OAuthError } from '../../shared/oauth/oauth-error.ts';
import type { ErrorStyle } from './endpoint.ts';
import { readForm } from './request-body.ts';

/** The only client there is: gateways of any make, which can keep no secret (RFC 6749 section 2.1). */
export const publicClientId = 'drawbridge-gateway';

/** RFC 6749 section 5.1: neither tokens nor errors about them are ever cached. */
export const oauthHeaders = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  pragma: 'no-cache',
} as const;

/** RFC 6749 section 5.2 for errors that are none of OAuth's own. */
export const oauthErrors: ErrorStyle = (problem, correlationId) => ({
  status: problem.status,
  headers: {
    ...oauthHeaders,
    ...(problem.retryAfter !== undefined && { 'retry-after': String(problem.retryAfter) }),
  },
  body: JSON.stringify(
    problem.status >= 500 || problem.status === 429
      ? { error: 'temporarily_unavailable', error_description: correlationId }
      : { error: 'invalid_request', error_description: problem.message.replace(/[^\x20-\x7e]|["\\]/g, "'") },
  ),
});

/**
 * A form sent to an OAuth endpoint, its client identified.
 * @throws OAuthError invalid_client; Problem for what is no form
 */
export async function readOAuthForm(request: HttpRequest): Promise<Record<string, string>> {
  const form = await readForm(request, 16_384);
  // RFC 6749 section 3.2: parameters without a value are treated as if they were absent.
  const fields = Object.fromEntries(Object.entries(form).filter(([, value]) => value !== ''));
  if (request.headers.has('authorization')) {
    throw new OAuthError(
      'invalid_client',
      'This client is public: send client_id in the body, and no secret.',
    );
  }
  if (fields.client_id === undefined) throw new OAuthError('invalid_request', 'client_id is missing.');
  if (fields.client_id !== publicClientId) throw new OAuthError('invalid_client', 'The client is not known.');
  return fields;
}

export const oauthJson = (body: unknown): HttpResponseInit => ({
  status: 200,
  headers: oauthHeaders,
  body: JSON.stringify(body),
});
