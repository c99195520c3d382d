import { HttpRequest, InvocationContext } from '@azure/functions';
import { deviceAuthorization } from '../../functions/device-authorization.ts';
import { oauthMetadata } from '../../functions/oauth-metadata.ts';
import { revoke } from '../../functions/revoke.ts';
import { token } from '../../functions/token.ts';
import { answer, problemDocument, type Handler } from '../../functions/trigger/endpoint.ts';
import { oauthErrors } from '../../functions/trigger/oauth-endpoint.ts';
import type { Services } from '../../functions/trigger/services.ts';

const handlers: Record<string, Handler> = {
  'GET /.well-known/oauth-authorization-server': oauthMetadata,
  'POST /oauth/device_authorization': deviceAuthorization,
  'POST /oauth/token': token,
  'POST /oauth/revoke': revoke,
};

export interface Asking {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: URLSearchParams | string | null | undefined;
}

/** A `fetch` that leads to the OAuth handlers themselves, so that the clock of the services rules. */
export function oauthInProcess(services: Services) {
  return async (url: string, { method = 'GET', headers = {}, body }: Asking = {}): Promise<Response> => {
    const handler = handlers[`${method} ${new URL(url).pathname}`];
    if (!handler) return new Response(null, { status: 404 });
    const request = new HttpRequest({
      url,
      method,
      headers,
      ...(body !== undefined && body !== null && { body: { string: body.toString() } }),
    });
    const context = new InvocationContext();
    const style = method === 'GET' ? problemDocument : oauthErrors;
    const init = await answer(() => handler(services, request, context), style, services, context);
    return new Response(typeof init.body === 'string' ? init.body : null, {
      status: init.status ?? 200,
      headers: init.headers as Record<string, string>,
    });
  };
}
