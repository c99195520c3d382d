import { send, type Person } from '../../local/rehearsal/person.ts';
import type { Runtime } from '../../local/rehearsal/runtime.ts';
import { decideConnect } from './connect-decision.ts';

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** Connects a system by the device grant, with HTTP alone: nothing of the gateway takes part. */
export async function tokensByDeviceGrant(runtime: Runtime, owner: Person, name: string): Promise<Tokens> {
  const post = async (path: string, fields: Record<string, string>): Promise<Record<string, string>> => {
    const answer = await send(new URL(path, runtime.origin).href, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ client_id: 'drawbridge-gateway', ...fields }).toString(),
    });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text) as Record<string, string>;
  };
  const grant = await post('/oauth/device_authorization', {});
  await decideConnect(owner, grant['verification_uri_complete'] ?? '', 'approve', name);
  const { access_token = '', refresh_token = '' } = await post('/oauth/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: grant['device_code'] ?? '',
  });
  return { access_token, refresh_token };
}
