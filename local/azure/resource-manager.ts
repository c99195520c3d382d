import { z } from 'zod';

/** Milliseconds for one request. */
const patience = 30_000;
const mostAttempts = 4;

export interface ResourceManagerOptions {
  /** `https://management.azure.com`, or what stands in for it in a test. */
  readonly origin: string;
  readonly token: () => Promise<string>;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly fetch: typeof globalThis.fetch;
}

const failureSchema = z.object({ error: z.object({ code: z.string() }) });

/** What Azure Resource Manager answered; the message alone, since what was sent may hold a secret. */
export class ResourceManagerError extends Error {
  override name = 'ResourceManagerError';
  readonly status: number;

  constructor(act: string, status: number, code: string) {
    super(`Azure Resource Manager refuses to ${act}: ${status} ${code}`);
    this.status = status;
  }
}

/** Asks Azure Resource Manager, as whoever is signed in. Throttling and outages are tried again a few times. */
export function createResourceManager({ origin, token, sleep, fetch }: ResourceManagerOptions) {
  async function attempt(method: string, id: string, apiVersion: string, body: unknown): Promise<Response> {
    return fetch(`${origin}${id}?api-version=${apiVersion}`, {
      method,
      headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patience),
      redirect: 'error',
    });
  }

  /**
   * @param act in words, for errors
   * @returns undefined when there is no such resource
   * @throws ResourceManagerError
   */
  return async function ask(
    act: string,
    {
      method,
      id,
      apiVersion,
      body,
    }: { method: 'GET' | 'PUT' | 'POST'; id: string; apiVersion: string; body?: unknown },
  ): Promise<unknown> {
    for (let n = 1; ; n++) {
      const response = await attempt(method, id, apiVersion, body);
      if (response.ok) return response.json();
      const failure = failureSchema.safeParse(await response.json().catch(() => undefined));
      if (response.status === 404 && method === 'GET') return undefined;
      const again = response.status === 429 || response.status >= 500;
      if (!again || n === mostAttempts)
        throw new ResourceManagerError(act, response.status, failure.success ? failure.data.error.code : '');
      const seconds = Number(response.headers.get('retry-after'));
      await sleep(Math.min(seconds > 0 ? seconds * 1000 : n * 1000, patience));
    }
  };
}

export type ResourceManager = ReturnType<typeof createResourceManager>;
