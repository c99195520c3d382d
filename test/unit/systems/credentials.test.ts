import { TestServices } from '../../support/services.ts';

let test: TestServices;
beforeEach(async () => (test = await TestServices.compose()));
afterEach(() => test.close());

const day = 24 * 3600_000;
const connect = async () => test.connect(await test.account('olga@plant.example'));
const refused = (failure: string) => ({ code: 'invalid_grant', failure });

async function auditActions(organizationId: string): Promise<string[]> {
  const { items } = await test.services.audit.list(organizationId, { limit: 50 });
  return items.map(({ action }) => action);
}

describe('the credentials of a gateway', () => {
  it('renew day after day for a year', async () => {
    let { credentials: held } = await connect();
    for (let n = 0; n < 365; n++) {
      test.clock.moveOn(day);
      const renewed = await test.services.credentials.renew(held.refreshKey);
      expect(await test.services.credentials.authenticate(renewed.accessToken)).toBeDefined();
      held = { ...held, ...renewed };
    }
  });

  it('survive lost replies: a renewal may be repeated until its result was used', async () => {
    const { credentials } = test.services;
    const { credentials: held } = await connect();
    const replies = await Promise.all([1, 2, 3].map(() => credentials.renew(held.refreshKey)));
    expect(new Set(replies.map(({ refreshKey }) => refreshKey)).size).toBe(3);
    const kept = replies[1];
    expect(await credentials.authenticate(kept?.accessToken ?? '')).toBeDefined();
    await credentials.renew(kept?.refreshKey ?? '');
  });

  it('survive the loss of the very first reply: a poll may be repeated until its result was used', async () => {
    const { deviceCode, credentials: first } = await connect();
    test.clock.moveOn(6000);
    const second = await test.services.deviceGrants.poll(deviceCode);
    expect(second.refreshKey).not.toBe(first.refreshKey);
    await test.services.credentials.authenticate(second.accessToken);
    test.clock.moveOn(6000);
    await expect(test.services.deviceGrants.poll(deviceCode)).rejects.toMatchObject({
      code: 'invalid_grant',
    });
  });

  it.each([
    ['the previous key, after the new token was used', 'token'],
    ['the previous key, after the new key was used', 'key'],
  ])('are revoked when %s comes again: neither party keeps access, owners are told', async (_, used) => {
    const { credentials } = test.services;
    const { system, credentials: stolen } = await connect();
    let held = await credentials.renew(stolen.refreshKey);
    if (used === 'token') await credentials.authenticate(held.accessToken);
    else held = await credentials.renew(held.refreshKey);

    await expect(credentials.renew(stolen.refreshKey)).rejects.toMatchObject(refused('reused'));
    expect(await credentials.authenticate(held.accessToken)).toBeUndefined();
    expect(await credentials.authenticate(stolen.accessToken)).toBeUndefined();
    await expect(credentials.renew(held.refreshKey)).rejects.toMatchObject(refused('revoked'));
    expect(await auditActions(system.organizationId)).toContain('gateway.revoked');
    const [mail] = await test.mails('olga@plant.example');
    expect(mail?.subject).toMatch(/shut out/);
  });

  it('are revoked when two holders of the same reply generation both use theirs', async () => {
    const { credentials } = test.services;
    const { credentials: held } = await connect();
    const [gateways, thiefs] = await Promise.all([
      credentials.renew(held.refreshKey),
      credentials.renew(held.refreshKey),
    ]);
    expect(await credentials.authenticate(gateways.accessToken)).toBeDefined();
    expect(await credentials.authenticate(thiefs.accessToken)).toBeUndefined();
    expect(await credentials.authenticate(gateways.accessToken)).toBeUndefined();
  });

  it('last 29 days offline, and say "expired" after 31', async () => {
    const { credentials } = test.services;
    const { credentials: held } = await connect();
    test.clock.moveOn(29 * day);
    const renewed = await credentials.renew(held.refreshKey);
    test.clock.moveOn(31 * day);
    await expect(credentials.renew(renewed.refreshKey)).rejects.toMatchObject(refused('expired'));
  });

  it('give access for seven days and no longer', async () => {
    const { credentials } = test.services;
    const { credentials: held } = await connect();
    test.clock.moveOn(7 * day - 1000);
    expect(await credentials.authenticate(held.accessToken)).toBeDefined();
    test.clock.moveOn(2000);
    expect(await credentials.authenticate(held.accessToken)).toBeUndefined();
  });

  it('are dead after revocation (RFC 7009), whichever token is shown', async () => {
    const { credentials } = test.services;
    for (const which of ['refreshKey', 'accessToken'] as const) {
      const { credentials: held } = await test.connect(
        await test.account('olga@plant.example'),
        which.toLowerCase(),
      );
      await credentials.revoke(held[which]);
      expect(await credentials.authenticate(held.accessToken)).toBeUndefined();
      await expect(credentials.renew(held.refreshKey)).rejects.toMatchObject(refused('revoked'));
    }
    await credentials.revoke('invented');
  });

  it('are dead after the system was disconnected, with advice of their own', async () => {
    const { credentials, systems } = test.services;
    const { system, credentials: held } = await connect();
    await systems.disconnect(system, { kind: 'service', id: 'test' });
    expect(await credentials.authenticate(held.accessToken)).toBeUndefined();
    await expect(credentials.renew(held.refreshKey)).rejects.toMatchObject(refused('system_deleted'));
    const [mail] = await test.mails('olga@plant.example');
    expect(mail?.subject).toMatch(/disconnected/);
  });

  it('verify under a rotated signing secret until they expire, and are signed with the new one at once', async () => {
    const { credentials, secrets } = test.services;
    const { credentials: held } = await connect();
    const { openFileSecretStore } = await import('../../../shared/secrets/file-secret-store.ts');
    const file = openFileSecretStore({
      file: `${test.dataDir}/secrets.json`,
      clock: test.clock,
      random: test.services.random,
    });
    const rotated = await file.rotate('token-signing');
    test.clock.moveOn(3600_000);
    await secrets.current('token-signing');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const renewed = await credentials.renew(held.refreshKey);
    const header = JSON.parse(
      Buffer.from(renewed.accessToken.split('.')[0] ?? '', 'base64url').toString(),
    ) as object;
    expect(header).toEqual({ alg: 'HS256', typ: 'at+jwt', kid: rotated.version });
    expect(await credentials.authenticate(held.accessToken)).toBeDefined();
    expect(await credentials.authenticate(renewed.accessToken)).toBeDefined();
  });

  it('contain the claims that DESIGN.md promises, for seven days', async () => {
    const { system, credentials: held } = await connect();
    const claims = JSON.parse(
      Buffer.from(held.accessToken.split('.')[1] ?? '', 'base64url').toString(),
    ) as Record<string, number>;
    expect(claims.sub).toBe(system.id);
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(7 * 24 * 3600);
    expect(held.expiresIn).toBe(7 * 24 * 3600);
  });

  it('are stored as hashes only', async () => {
    const { credentials: held } = await connect();
    for await (const document of test.services.store.scan('gateways')) {
      expect(JSON.stringify(document)).not.toContain(held.refreshKey);
      expect(JSON.stringify(document)).not.toContain(held.accessToken);
    }
  });
});
