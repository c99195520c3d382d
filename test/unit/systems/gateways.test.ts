import type { Account } from '../../../shared/accounts/account.ts';
import type { SystemId } from '../../../shared/identifier.ts';
import { TestServices } from '../../support/services.ts';

/** Several gateways of one system, each with credentials of its own; the real services. */
describe('the gateways of a system', () => {
  let test: TestServices;
  let olga: Account;
  let first: Awaited<ReturnType<TestServices['connect']>>;

  beforeEach(async () => {
    test = await TestServices.compose();
    olga = await test.account('olga@plant.example');
    first = await test.connect(olga);
  });
  afterEach(() => test.close());

  const as = (account: Account) => ({ ...account, factors: [] });
  const actor = () => ({ kind: 'account', id: olga.id, label: olga.email }) as const;

  async function add(name: string, account = olga, systemId: SystemId = first.system.id) {
    const { deviceGrants } = test.services;
    const { userCode, deviceCode } = await deviceGrants.request({ gatewayName: name, source: '192.0.2.2' });
    await deviceGrants.approve(userCode, as(account), { addTo: systemId });
    return deviceGrants.poll(deviceCode);
  }

  const names = async () =>
    (await test.services.systems.gatewaysOf(first.system.id)).map(({ name }) => name).sort();

  it('are added by an approval, with credentials of their own for the same system', async () => {
    const second = await add('second');
    expect(second.system.id).toBe(first.system.id);
    expect(second.gateway.id).not.toBe(first.credentials.gateway.id);
    expect(await names()).toEqual(['gw', 'second']);
    const { credentials } = test.services;
    await credentials.revoke(second.refreshKey);
    expect(await credentials.authenticate(second.accessToken)).toBeUndefined();
    expect(await credentials.authenticate(first.credentials.accessToken)).toBeDefined();
  });

  it('are added by owners and admins of the organization only (OWASP ASVS 4.1.3)', async () => {
    const mallory = await test.account('mallory@other.example');
    await test.connect(mallory, 'other');
    await expect(add('third', mallory)).rejects.toMatchObject({ code: 'not-found' });
    await expect(add('third', olga, 'sys-unknown' as SystemId)).rejects.toMatchObject({ code: 'not-found' });
    expect(await names()).toEqual(['gw']);
  });

  it('are not added to a system that was disconnected', async () => {
    await test.services.systems.disconnect(first.system, actor());
    await expect(add('late')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('are ten at the most, since the relay lets 25 listeners share a connection', async () => {
    for (let n = 2; n <= 10; n++) await add(`gw-${n}`);
    await expect(add('one too many')).rejects.toMatchObject({
      code: 'conflict',
      errors: [{ field: 'existing', detail: expect.stringContaining('Remove one') as string }],
    });
    const gone = (await test.services.systems.gatewaysOf(first.system.id)).at(-1);
    await test.services.systems.removeGateway(first.system, gone?.id ?? '', actor());
    await add('in its place');
  });

  it('are removed one by one: its keys are dead, it hears by whom, the others and the system go on', async () => {
    const second = await add('second');
    const { credentials, systems, reapproval } = test.services;
    await systems.removeGateway(first.system, second.gateway.id, actor());
    expect(await credentials.authenticate(second.accessToken)).toBeUndefined();
    await expect(credentials.renew(second.refreshKey)).rejects.toMatchObject({
      failure: 'gateway_removed',
      message: 'This gateway was removed by olga@plant.example on 1 Jun 2026, 12:00 UTC.',
    });
    await expect(
      reapproval.request({ gatewayName: 'second', source: '192.0.2.2', presented: second.refreshKey }),
    ).rejects.toMatchObject({ failure: 'gateway_removed' });
    expect(await credentials.authenticate(first.credentials.accessToken)).toBeDefined();
    expect(await names()).toEqual(['gw']);
  });

  it('when removed while one asks to be approved again: the request goes with it', async () => {
    const second = await add('second');
    const { credentials, systems, reapproval } = test.services;
    await credentials.revoke(second.refreshKey);
    const asked = await reapproval.request({
      gatewayName: 'second',
      source: '192.0.2.2',
      presented: second.refreshKey,
    });
    await systems.removeGateway(first.system, second.gateway.id, actor());
    expect(await reapproval.ofSystem(first.system.id)).toEqual([]);
    await expect(
      reapproval.approve(asked?.userCode ?? '', { accountId: olga.id, email: olga.email }),
    ).rejects.toMatchObject({ code: 'not-found' });
  });

  it('are removed by their own system only', async () => {
    const other = await test.connect(olga, 'other');
    await expect(
      test.services.systems.removeGateway(first.system, other.credentials.gateway.id, actor()),
    ).rejects.toMatchObject({ code: 'not-found' });
    expect(await test.services.credentials.authenticate(other.credentials.accessToken)).toBeDefined();
  });

  it('all end with the system, also one that is removed at the same moment', async () => {
    const second = await add('second');
    const { credentials, systems } = test.services;
    await Promise.all([
      systems.removeGateway(first.system, second.gateway.id, actor()),
      systems.disconnect(first.system, actor()),
    ]);
    for (const { accessToken } of [first.credentials, second])
      expect(await credentials.authenticate(accessToken)).toBeUndefined();
  });
});
