import type { WebPubSubServiceClient } from '@azure/web-pubsub';
import { hour, instant, second, type Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { wakeUpHub, WakeUpUnavailable, type WakeUp } from './wake-up.ts';

export interface WebPubSubOptions {
  /** `WEB_PUBSUB_ENDPOINT`, such as `https://NAME.webpubsub.azure.com`, or the hub of the one-machine runtime. */
  readonly endpoint: string;
  /** Of the user-assigned managed identity; the system-assigned one when undefined. */
  readonly clientId: string | undefined;
  /** Of the hub of the one-machine runtime, which knows no managed identity. */
  readonly key?: (() => Promise<string>) | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

const within = 5 * second;
const retryOptions = { maxRetries: 1, retryDelayInMs: 200, maxRetryDelayInMs: second };

/** Azure Web PubSub, and the hub of the one-machine runtime, which speaks as it does. Loaded on first use. */
export function createWebPubSubWakeUp({ endpoint, clientId, key, clock, log }: WebPubSubOptions): WakeUp {
  let opened: Promise<WebPubSubServiceClient> | undefined;

  const client = () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };

  async function open(): Promise<WebPubSubServiceClient> {
    const { WebPubSubServiceClient: Client, AzureKeyCredential } = await import('@azure/web-pubsub');
    if (key !== undefined) {
      const options = { retryOptions, allowInsecureConnection: true };
      return new Client(endpoint, new AzureKeyCredential(await key()), wakeUpHub, options);
    }
    const { ManagedIdentityCredential } = await import('@azure/identity');
    const credential = new ManagedIdentityCredential(clientId === undefined ? {} : { clientId });
    return new Client(endpoint, credential, wakeUpHub, { retryOptions });
  }

  return {
    async connection(systemId, gatewayId) {
      const expiresAt = instant(clock.now() + hour);
      try {
        const service = await client();
        const { url } = await service.getClientAccessToken({
          userId: gatewayId,
          // It hears of its own system only, and may neither join another group nor send.
          groups: [systemId],
          roles: [],
          expirationTimeInMinutes: hour / 60_000,
          abortSignal: AbortSignal.timeout(within),
        });
        return { url, expiresAt };
      } catch (cause) {
        throw new WakeUpUnavailable('No connection for wake-ups can be had now.', { cause });
      }
    },
    async wake(systemId, reason) {
      try {
        const service = await client();
        const group = service.group(systemId);
        await group.sendToAll({ wake: reason }, { abortSignal: AbortSignal.timeout(within) });
      } catch (error) {
        log.warn('wake-up not sent', { systemId, error: error instanceof Error ? error.name : 'error' });
      }
    },
  };
}
