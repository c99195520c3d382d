import { createAuditLog } from '../../../shared/audit/audit-log.ts';
import { silentLog } from '../../../shared/log.ts';
import { createAccessTokens } from '../../../shared/oauth/access-token.ts';
import { hashOfAttempt, readRenewalAttempt } from '../../../shared/oauth/refresh-attempt.ts';
import { collection } from '../../../shared/store/collection.ts';
import type { DocumentStore } from '../../../shared/store/document-store.ts';
import { createGatewayCredentials } from '../../../shared/systems/gateway-credentials.ts';
import { gatewayRecordSchema } from '../../../shared/systems/gateway-record.ts';
import { TestServices } from '../../support/services.ts';

let test: TestServices;
beforeEach(async () => (test = await TestServices.compose()));
afterEach(() => test.close());

/** The store, writing down what is asked of it. */
function noting(store: DocumentStore, noted: string[]): DocumentStore {
  return new Proxy(store, {
    get(target, name: keyof DocumentStore) {
      const method = target[name].bind(target) as (...parts: unknown[]) => unknown;
      return (...parts: unknown[]) => {
        noted.push(`${name} ${String(parts[0])}`);
        return method(...parts);
      };
    },
  });
}

function credentialsOn(store: DocumentStore) {
  const { secrets, clock, random, site } = test.services;
  return createGatewayCredentials({
    gateways: collection(store, 'gateways', gatewayRecordSchema),
    tokens: createAccessTokens({ secrets, clock, issuer: site.publicOrigin }),
    secrets,
    audit: createAuditLog({ store, clock, random }),
    clock,
    random,
    log: silentLog,
    owners: { credentialsRevoked: async () => {} },
  });
}

const nonce = (n: number) => `${n}`.padStart(22, 'n');

describe('a renewal costs one point read and one conditional write', () => {
  it.each([
    ['by a client that names no attempts', false],
    ['by one that does', true],
  ])('%s', async (_, named) => {
    const { credentials: first } = await test.connect(await test.account('olga@plant.example'));
    const noted: string[] = [];
    const credentials = credentialsOn(noting(test.services.store, noted));
    const attempt = (n: number) =>
      named ? readRenewalAttempt(nonce(n), n > 0 ? hashOfAttempt(nonce(n - 1)) : undefined) : undefined;

    let held = await credentials.renew(first.refreshKey, attempt(0));
    expect(noted.splice(0)).toEqual(['read gateways', 'replace gateways']);
    // A repetition costs the same.
    held = await credentials.renew(first.refreshKey, attempt(0));
    expect(noted.splice(0)).toEqual(['read gateways', 'replace gateways']);
    // The first use proves that the reply arrived; later ones only read.
    await credentials.authenticate(held.accessToken);
    expect(noted.splice(0)).toEqual(['read gateways', 'replace gateways']);
    await credentials.authenticate(held.accessToken);
    expect(noted.splice(0)).toEqual(['read gateways']);
    await credentials.renew(held.refreshKey, attempt(1));
    expect(noted.splice(0)).toEqual(['read gateways', 'replace gateways']);
  });

  it('and an attempt that comes late is refused without a write to the record', async () => {
    const { credentials: first } = await test.connect(await test.account('olga@plant.example'));
    const noted: string[] = [];
    const credentials = credentialsOn(noting(test.services.store, noted));
    const attempt = readRenewalAttempt(nonce(1), undefined);
    const held = await credentials.renew(first.refreshKey, attempt);
    await credentials.authenticate(held.accessToken);
    noted.length = 0;
    await expect(credentials.renew(first.refreshKey, attempt)).rejects.toMatchObject({
      code: 'invalid_grant',
      failure: 'superseded',
    });
    expect(noted.filter((operation) => operation.endsWith('gateways'))).toEqual(['read gateways']);
    expect(await credentials.authenticate(held.accessToken)).toBeDefined();
  });

  it('while the same key from somebody who did not make that attempt ends both', async () => {
    const { credentials } = test.services;
    const { credentials: first } = await test.connect(await test.account('olga@plant.example'));
    const held = await credentials.renew(first.refreshKey, readRenewalAttempt(nonce(1), undefined));
    await credentials.authenticate(held.accessToken);
    const thief = readRenewalAttempt(nonce(2), hashOfAttempt(nonce(1)));
    await expect(credentials.renew(first.refreshKey, thief)).rejects.toMatchObject({ failure: 'reused' });
    expect(await credentials.authenticate(held.accessToken)).toBeUndefined();
  });
});

describe('the telling of a theft', () => {
  it('is made up for by the timer when the host died between the finding and the telling', async () => {
    const { credentials: first, system } = await test.connect(await test.account('olga@plant.example'));
    const dying = credentialsOn(
      new Proxy(test.services.store, {
        get(target, name: keyof DocumentStore) {
          const method = target[name].bind(target) as (...parts: unknown[]) => unknown;
          return (...parts: unknown[]) => {
            if (name === 'create' && parts[0] === 'audit') throw new Error('the host died');
            return method(...parts);
          };
        },
      }),
    );
    const held = await dying.renew(first.refreshKey);
    await dying.authenticate(held.accessToken);
    await expect(dying.renew(first.refreshKey)).rejects.toThrow('the host died');
    expect(await test.mails('olga@plant.example')).toEqual([]);

    const { credentials, audit } = test.services;
    expect(await credentials.tellOfThefts(10)).toBe(0);
    test.clock.moveOn(61_000);
    expect(await credentials.tellOfThefts(10)).toBe(1);
    expect(await credentials.tellOfThefts(10)).toBe(0);
    expect(await test.mails('olga@plant.example')).toHaveLength(1);
    const { items } = await audit.list(system.organizationId, { limit: 10, action: 'gateway.revoked' });
    expect(items.map(({ details }) => details)).toEqual([expect.objectContaining({ generation: 1 })]);
  });
});
