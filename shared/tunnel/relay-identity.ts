import { minute, type Clock } from '../clock.ts';
import { TunnelError } from './relay-sender.ts';

/**
 * The audience of Azure Relay ends with a slash, so its scope has two: Microsoft's own clients ask for it so
 * (TokenProvider.AadRelayAudience in azure-relay-dotnet).
 */
const scope = 'https://relay.azure.net//.default';

/** So long before its end a token is replaced. */
const early = 10 * minute;

/**
 * The authorization of the tunnel function towards Azure Relay: its managed identity, which has the role "Azure Relay
 * Sender". The token travels in ServiceBusAuthorization as it is, without "Bearer", as Microsoft's clients send it.
 *
 * @param clientId of the user-assigned managed identity; the system-assigned one when undefined
 */
export function identityAuthorization({
  clientId,
  clock,
}: {
  clientId: string | undefined;
  clock: Clock;
}): (connection: string) => Promise<string> {
  let held: { readonly token: string; readonly expiresAt: number } | undefined;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    const { ManagedIdentityCredential } = await import('@azure/identity');
    const credential = new ManagedIdentityCredential(clientId === undefined ? {} : { clientId });
    const { token, expiresOnTimestamp } = await credential.getToken(scope);
    held = { token, expiresAt: expiresOnTimestamp };
  }

  /** Asks once, however many want it. */
  const asked = (): Promise<void> => (asking ??= ask().finally(() => (asking = undefined)));

  return async () => {
    const left = held === undefined ? 0 : held.expiresAt - clock.now();
    // While the old one is good nobody waits for the new one, nor for an identity that cannot be asked just now.
    if (left > 0 && left < early) asked().catch(() => {});
    if (left <= 0)
      await asked().catch((cause: unknown) => {
        throw new TunnelError('broken', 'the managed identity gives no token', { cause });
      });
    return held?.token ?? '';
  };
}
