import { day, minute, second, type Clock } from '../../shared/clock.ts';
import type { GatewayId, SystemId } from '../../shared/identifier.ts';
import { silentLog } from '../../shared/log.ts';
import { accessTokenLifetime, createAccessTokens } from '../../shared/oauth/access-token.ts';
import { cachedSecrets } from '../../shared/secrets/cached-secrets.ts';
import { secretNames, type SecretName, type SecretStore } from '../../shared/secrets/secret-store.ts';

export interface SecretStoreUnderTest {
  readonly store: SecretStore;
  /** Another host's. */
  readonly other: SecretStore;
  /** Makes a new version, as its operator would. @returns its name */
  rotate(name: SecretName): Promise<string>;
  /** Makes a new version as its operator would after a theft. @returns its name */
  withdraw(name: SecretName): Promise<string>;
  dispose(): Promise<void>;
}

const bearer = { systemId: 'sys-1' as SystemId, gatewayId: 'gw-1' as GatewayId };

/** What every adapter of the SecretStore port must do. `open` gives one that has, or makes, each secret. */
export function secretStoreContract(
  name: string,
  open: (clock: Clock) => Promise<SecretStoreUnderTest>,
): void {
  describe(`${name} as a store of secrets`, () => {
    let subject: SecretStoreUnderTest;
    let store: SecretStore;
    let now: number;
    const clock = { now: () => now };
    beforeEach(async () => {
      now = Date.UTC(2026, 5, 1, 12);
      subject = await open(clock);
      ({ store } = subject);
    });
    afterEach(() => subject.dispose());

    const versionsOf = async (secrets: SecretStore, secret: SecretName) =>
      (await secrets.versions(secret)).map(({ version }) => version);

    it('has every secret: 32 bytes, each its own, the same on every host', async () => {
      const seen = new Set<string>();
      for (const secret of secretNames) {
        const { value, version } = await store.current(secret);
        expect(value).toHaveLength(32);
        expect(await subject.other.current(secret)).toEqual(await store.current(secret));
        expect(await subject.other.version(secret, version)).toEqual(await store.current(secret));
        seen.add(Buffer.from(value).toString('hex'));
      }
      expect(seen.size).toBe(secretNames.length);
    });

    it('makes new things with a new version at once, and keeps the former, on every host', async () => {
      const first = await store.current('token-signing');
      now += minute;
      const version = await subject.rotate('token-signing');
      for (const host of [store, subject.other]) {
        expect((await host.current('token-signing')).version).toBe(version);
        expect(await host.version('token-signing', first.version)).toEqual(first);
        expect(await versionsOf(host, 'token-signing')).toEqual([version, first.version]);
      }
    });

    it.each(['', 'invented', '../handoff', 'versions', `${'a'.repeat(32)}`, 'x'.repeat(100), '\u0000%2f'])(
      'knows nothing of the version %j',
      async (version) => {
        expect(await store.version('token-signing', version)).toBeUndefined();
      },
    );

    it('gives a refresh-key-mac time to reach every host before it makes anything', async () => {
      const first = await store.current('refresh-key-mac');
      now += minute;
      const version = await subject.rotate('refresh-key-mac');
      expect((await store.current('refresh-key-mac')).version).toBe(first.version);
      expect(await store.version('refresh-key-mac', version)).toBeDefined();
      now += 2 * minute;
      expect((await store.current('refresh-key-mac')).version).toBe(version);
    });

    it('believes nothing any more of what versions before a withdrawal made, on every host, for good', async () => {
      const stolen = await store.current('token-signing');
      now += minute;
      const version = await subject.withdraw('token-signing');
      for (const host of [store, subject.other]) {
        expect(await versionsOf(host, 'token-signing')).toEqual([version]);
        expect(await host.version('token-signing', stolen.version)).toBeUndefined();
      }
      now += minute;
      const next = await subject.rotate('token-signing');
      expect(await versionsOf(store, 'token-signing')).toEqual([next, version]);
    });

    it('forgets a version once nothing made with it can be valid, but never a backup’s', async () => {
      const signing = await store.current('token-signing');
      const backup = await store.current('backup');
      now += minute;
      await subject.rotate('token-signing');
      await subject.rotate('backup');
      now += 8 * day - 1000;
      expect(await store.version('token-signing', signing.version)).toBeDefined();
      now += 1000;
      expect(await store.version('token-signing', signing.version)).toBeUndefined();
      now += 1000 * day;
      expect(await store.version('backup', backup.version)).toBeDefined();
      expect(await store.current('token-signing')).toBeDefined();
    });

    it('rotates under access tokens: the new version signs at once, older tokens verify until they expire', async () => {
      const tokensOf = (secrets: SecretStore) =>
        createAccessTokens({
          secrets: cachedSecrets({ secrets, clock, log: silentLog }),
          clock,
          issuer: 'https://drawbridge.example',
        });
      const [here, there] = [tokensOf(store), tokensOf(subject.other)];
      const claims = { ...bearer, generation: 1, keyHash: 'hash' };
      const old = await here.sign(claims);
      expect(await there.verify(old)).toMatchObject(claims);

      now += 2 * second;
      const version = await subject.rotate('token-signing');
      const renewed = await here.sign(claims);
      expect(keyOf(renewed)).toBe(version);
      // The other host had looked before; it asks again for a key that it does not know.
      expect(await there.verify(renewed)).toMatchObject(claims);

      now += accessTokenLifetime * second - 3 * second;
      for (const host of [here, there]) {
        expect(await host.verify(old)).toMatchObject(claims);
        expect(await host.verify(renewed)).toMatchObject(claims);
      }
      now += second;
      for (const host of [here, there]) {
        expect(await host.verify(old)).toBeUndefined();
        expect(await host.verify(renewed)).toMatchObject(claims);
      }
    });
  });
}

/** RFC 7515 section 4.1.4. */
export const keyOf = (token: string): unknown =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid?: unknown }).kid;
