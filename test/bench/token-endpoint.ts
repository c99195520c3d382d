import { request, type Agent } from 'node:http';
import { clientId } from '../../gateway/oauth-client.ts';
import type { HttpAnswer } from '../../gateway/http-client.ts';

export interface TokenEndpoint {
  readonly agent: Agent;
  readonly port: number;
  readonly host?: string;
  readonly path: string;
}

/** One POST of a form to a token endpoint on this machine. */
export function postForm({ agent, port, host, path }: TokenEndpoint, form: string): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(host !== undefined && { host }),
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(form),
    };
    const outgoing = request(
      { agent, host: '127.0.0.1', port, method: 'POST', path, headers },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(form);
  });
}

/** RFC 6749 section 6. @returns the next refresh token */
export async function renewOnce(endpoint: TokenEndpoint, refreshToken: string): Promise<string> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId };
  const { status, text } = await postForm(endpoint, new URLSearchParams(form).toString());
  if (status !== 200) throw new Error(text);
  return (JSON.parse(text) as { refresh_token: string }).refresh_token;
}
