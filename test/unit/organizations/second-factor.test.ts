import type { Factor } from '../../../shared/accounts/factor.ts';
import type { Account } from '../../../shared/accounts/account.ts';
import type { Organization } from '../../../shared/organizations/organization.ts';
import { TestServices } from '../../support/services.ts';

let test: TestServices;
let owner: Account;
let organization: Organization;
beforeEach(async () => {
  test = await TestServices.compose();
  owner = await test.account('olga@plant.example');
  organization = await test.services.organizations.create(owner, { name: 'Plant', slug: 'plant' });
});
afterEach(() => test.close());

const signedIn = (...factors: Factor[]) => ({ accountId: owner.id, email: owner.email, factors });
const required = { code: 'second-factor-required' };

describe('an organization that requires a second factor (ASVS 4.0.3, 4.3.1)', () => {
  it('is open to a session of one factor until it does', async () => {
    const { organizations } = test.services;
    expect((await organizations.forMember(organization.id, signedIn('code'))).role).toBe('owner');
    await organizations.requireSecondFactor('plant', signedIn('code', 'totp'), true);
    await expect(organizations.forMember(organization.id, signedIn('code'))).rejects.toMatchObject(required);
    await expect(organizations.named('plant', signedIn('password'))).rejects.toMatchObject(required);
    await expect(organizations.named('plant', { accountId: owner.id })).rejects.toMatchObject(required);
    await organizations.requireSecondFactor('plant', signedIn('code', 'totp'), false);
    expect((await organizations.named('plant', signedIn('code'))).role).toBe('owner');
  });

  it.each<Factor>(['totp', 'recovery-code'])('is open to a session that proved %s', async (factor) => {
    const { organizations } = test.services;
    await organizations.requireSecondFactor('plant', signedIn('password', 'totp'), true);
    const caller = signedIn('password', factor);
    expect((await organizations.forMember(organization.id, caller)).role).toBe('owner');
    expect(await organizations.of(caller)).toHaveLength(1);
    expect(await organizations.closedTo(caller)).toEqual([]);
  });

  it('tells a member its name, and nothing of what is inside', async () => {
    const { organizations } = test.services;
    await organizations.requireSecondFactor('plant', signedIn('code', 'totp'), true);
    expect(await organizations.of(signedIn('code'))).toEqual([]);
    expect(await organizations.closedTo(signedIn('code'))).toEqual([{ name: 'Plant', slug: 'plant' }]);
  });

  it('tells a stranger nothing, not even that it asks for one', async () => {
    const { organizations } = test.services;
    await organizations.requireSecondFactor('plant', signedIn('code', 'totp'), true);
    const stranger = { accountId: (await test.account('eve@evil.example')).id };
    await expect(organizations.named('plant', stranger)).rejects.toMatchObject({ code: 'not-found' });
    expect(await organizations.closedTo(stranger)).toEqual([]);
  });

  it('cannot be made so by an owner who has no second factor, nor by a stranger', async () => {
    const { organizations } = test.services;
    await expect(organizations.requireSecondFactor('plant', signedIn('code'), true)).rejects.toMatchObject(
      required,
    );
    const { id, email } = await test.account('eve@evil.example');
    const stranger = { accountId: id, email, factors: ['totp'] as const };
    await expect(organizations.requireSecondFactor('plant', stranger, true)).rejects.toMatchObject({
      code: 'not-found',
    });
    expect((await organizations.read(organization.id))?.requireSecondFactor).toBeUndefined();
  });

  it('lets no system be connected by a session of one factor', async () => {
    const { organizations, deviceGrants } = test.services;
    await organizations.requireSecondFactor('plant', signedIn('code', 'totp'), true);
    const approval = {
      organization: { kind: 'existing' as const, id: organization.id },
      system: { name: 'North', slug: 'north' },
    };
    const { userCode } = await deviceGrants.request({ gatewayName: 'gw', source: '192.0.2.1' });
    await expect(
      deviceGrants.approve(userCode, { ...owner, factors: ['code'] }, approval),
    ).rejects.toMatchObject(required);
    const system = await deviceGrants.approve(userCode, { ...owner, factors: ['code', 'totp'] }, approval);
    expect(system.organizationId).toBe(organization.id);
  });
});
