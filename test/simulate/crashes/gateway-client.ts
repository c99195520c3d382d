import { send, type Answer } from '../../../local/rehearsal/person.ts';
import type { Runtime } from '../../../local/rehearsal/runtime.ts';
import type { ShareView } from '../../../shared/shares/share-view.ts';
import { Broken, Unanswered } from './outcome.ts';

export interface Keys {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** What a gateway asks of the service, request by request. Every call throws Unanswered or Broken. */
export class GatewayClient {
  readonly #runtime: Runtime;
  /** The newest that were received. */
  keys: Keys | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  async #send(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    const url = new URL(path, this.#runtime.origin).href;
    const sending = { method, headers, ...(body !== undefined && { body }) };
    const answer = await send(url, sending).catch((error: unknown) => {
      throw new Unanswered('no answer', { cause: error });
    });
    if (answer.status >= 500) throw new Broken(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer;
  }

  async oauth(path: string, fields: Record<string, string>): Promise<Answer> {
    const body = new URLSearchParams({ client_id: 'drawbridge-gateway', ...fields }).toString();
    return this.#send('POST', path, { 'content-type': 'application/x-www-form-urlencoded' }, body);
  }

  /** With the newest key there is: an answer that got lost changes nothing about that. */
  async renew(): Promise<void> {
    const answer = await this.oauth('/oauth/token', {
      grant_type: 'refresh_token',
      refresh_token: this.keys?.refresh_token ?? '',
    });
    if (answer.status !== 200) throw new Broken(`locked out: ${answer.status} ${answer.text}`);
    this.keys = JSON.parse(answer.text) as Keys;
  }

  /** @param expected the statuses that are right */
  async api(
    method: string,
    path: string,
    expected: readonly number[],
    json?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const answer = await this.#send(
      method,
      path,
      {
        authorization: `Bearer ${this.keys?.access_token ?? ''}`,
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      json === undefined ? undefined : JSON.stringify(json),
    );
    if (!expected.includes(answer.status))
      throw new Broken(`${method} ${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
    return answer;
  }

  /** Every share of the system. */
  async shares(): Promise<ShareView[]> {
    const found: ShareView[] = [];
    let continuation: string | undefined;
    do {
      const query = continuation === undefined ? '' : `&continuation=${encodeURIComponent(continuation)}`;
      const answer = await this.api('GET', `/api/shares?limit=100${query}`, [200]);
      const page = JSON.parse(answer.text) as { shares: ShareView[]; continuation?: string };
      found.push(...page.shares);
      ({ continuation } = page);
    } while (continuation !== undefined);
    return found;
  }
}
