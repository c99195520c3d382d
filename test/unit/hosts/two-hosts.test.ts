import type { AuditEntry } from '../../../shared/audit/audit-entry.ts';
import { verifyChain } from '../../../shared/audit/verify-chain.ts';
import { day, minute } from '../../../shared/clock.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import { secretNames } from '../../../shared/secrets/secret-store.ts';
import type { IssuedCredentials } from '../../../shared/systems/gateway-credentials.ts';
import { keyVaultEnvironment, type KeyVaultEnvironment } from '../../support/key-vault-environment.ts';
import { startLoopbackCosmos, type LoopbackCosmos } from '../../support/loopback-cosmos.ts';
import { shareWish, TestServices } from '../../support/services.ts';

const ann = emailAddress('ann@guest.example');
const actor = { kind: 'gateway', id: 'gw-1' } as const;

/** Two hosts of one deployment: nothing in common but a Cosmos DB account and a Key Vault. */
let here: TestServices;
let there: TestServices;
let cosmos: LoopbackCosmos;
let environment: KeyVaultEnvironment;

beforeAll(async () => {
  cosmos = await startLoopbackCosmos();
  environment = await keyVaultEnvironment({ now: () => here.clock.now() });
  const settings = {
    COSMOS_ENDPOINT: cosmos.endpoint,
    COSMOS_KEY: cosmos.key,
    KEY_VAULT_URL: environment.vault.url,
  };
  here = await TestServices.compose(settings);
  there = await TestServices.compose(settings);
  for (const name of secretNames) environment.vault.make(name);
});
afterAll(async () => {
  await here.close();
  await there.close();
  await environment.close();
  await cosmos.close();
});

const moveOn = (milliseconds: number) => {
  here.clock.moveOn(milliseconds);
  there.clock.moveOn(milliseconds);
};

it('lets the life of a share cross hosts at every step, and a revocation on one closes it on the other at once', async () => {
  const { system } = await here.connect(await there.account('olga@plant.example'), 'cross');
  const { share } = await there.services.shares.create(system, actor, shareWish(ann));
  const { session } = await here.services.sessions.openPortal(await there.account(ann));
  const code = await there.services.shareHandoff.issue(session, share.id, 'state');
  const redeemed = await Promise.all(
    [here, there].map(({ services }) => services.shareHandoff.redeem(code, share.id, 'state')),
  );
  const cookies = redeemed.filter((cookie) => cookie !== undefined);
  expect(cookies).toHaveLength(1);
  for (const { services } of [here, there])
    expect((await services.shareAccess.check(share.id, cookies[0])).kind).toBe('open');
  await here.services.shares.remove(share, actor);
  expect(await there.services.shareAccess.check(share.id, cookies[0])).toMatchObject({ kind: 'closed' });
});

it('renews on any host, also with one key on both at once, across a rotation of every secret', async () => {
  const { credentials: first } = await here.connect(await here.account('olga@plant.example'), 'renewing');
  const both = [here.services.credentials, there.services.credentials];
  let held: IssuedCredentials = first;
  for (let n = 0; n < 4; n++) {
    if (n === 2) for (const name of secretNames) environment.vault.make(name);
    const answers = await Promise.all(both.map((credentials) => credentials.renew(held.refreshKey)));
    const next = answers[n % 2];
    if (next === undefined) throw new Error('There is an answer.');
    for (const credentials of both)
      expect(await credentials.authenticate(next.accessToken)).toMatchObject({
        gateway: { state: 'active' },
      });
    held = next;
    moveOn(day);
  }
  expect(await there.services.credentials.authenticate(held.accessToken)).toBeDefined();
});

it('keeps one sound chain of audit entries that both hosts write to at the same time', async () => {
  const { system } = await here.connect(await here.account('olga@plant.example'), 'audited');
  const event = { organizationId: system.organizationId, actor, action: 'share.created' } as const;
  await Promise.all(
    [here, there].flatMap(({ services }) => Array.from({ length: 15 }, () => services.audit.append(event))),
  );
  const entries: AuditEntry[] = [];
  for await (const entry of there.services.audit.all(system.organizationId)) entries.push(entry);
  expect(entries.filter(({ action }) => action === 'share.created')).toHaveLength(30);
  expect(verifyChain(entries)).toMatchObject({ sound: true, first: 1 });
});

it('goes on on both while the vault is out for hours', async () => {
  const { credentials: first } = await here.connect(await here.account('olga@plant.example'), 'vaultless');
  await there.services.credentials.authenticate(first.accessToken);
  environment.vault.state.trouble = { kind: 'dead' };
  let held: IssuedCredentials = first;
  for (let n = 0; n < 12; n++) {
    moveOn(30 * minute);
    held = await here.services.credentials.renew(held.refreshKey);
    expect(await there.services.credentials.authenticate(held.accessToken)).toBeDefined();
  }
  environment.vault.state.trouble = undefined;
});
