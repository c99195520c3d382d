import type { Random } from '../clock.ts';
import type { EmailAddress } from '../email/email-address.ts';
import { hmac, newSecret, sameSecret } from '../identifier.ts';
import type { SecretStore } from '../secrets/secret-store.ts';

const textOf = (email: EmailAddress, nonce: string) => `device ${email} ${nonce}`;

/**
 * A cookie for a browser in which someone signed in before. It opens nothing. What it does is to be counted on
 * its own: strangers who use up an address's attempts do not shut its owner out (OWASP, "Device Cookies").
 */
export function createKnownDevices({ secrets, random }: { secrets: SecretStore; random: Random }) {
  return {
    /** The cookie's value. */
    async issue(email: EmailAddress): Promise<string> {
      const nonce = newSecret(random);
      return `${nonce}.${hmac((await secrets.current('handoff')).value, textOf(email, nonce))}`;
    },

    /** @returns a name to count by, if the cookie was issued here for this address */
    async recognise(email: EmailAddress, cookie: string | undefined): Promise<string | undefined> {
      const [nonce = '', mac = ''] = (cookie ?? '').slice(0, 200).split('.');
      if (nonce === '' || mac === '') return undefined;
      const versions = await secrets.versions('handoff');
      return versions.some(({ value }) => sameSecret(hmac(value, textOf(email, nonce)), mac))
        ? nonce
        : undefined;
    },
  };
}

export type KnownDevices = ReturnType<typeof createKnownDevices>;
