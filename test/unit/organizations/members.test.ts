import fc from 'fast-check';
import type { Account } from '../../../shared/accounts/account.ts';
import { day } from '../../../shared/clock.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import { Problem } from '../../../shared/problem.ts';
import { roles, type Organization } from '../../../shared/organizations/organization.ts';
import { TestServices } from '../../support/services.ts';

let test: TestServices;
let olga: Account;
let organization: Organization;
beforeEach(async () => {
  test = await TestServices.compose();
  olga = await test.account('olga@plant.example');
  organization = await test.services.organizations.create(olga, { name: 'Plant', slug: 'plant' });
});
afterEach(() => test.close());

const acting = ({ id, email }: Account) => ({ accountId: id, email });
const read = async () => {
  const now = await test.services.organizations.read(organization.id);
  if (!now) throw new Error('gone');
  return now;
};
const members = () => test.services.organizationMembers;
const rolesNow = async (): Promise<Record<string, string>> =>
  Object.fromEntries((await read()).members.map(({ email, role }) => [email.replace(/@.*/, ''), role]));
const actions = async () =>
  (await test.services.audit.list(organization.id, { limit: 100 })).items.map(({ action }) => action);

async function join(address: string, role: (typeof roles)[number]): Promise<Account> {
  const account = await test.account(address);
  await members().invite(organization.id, acting(olga), { email: account.email, role });
  await members().accept(organization.id, acting(account));
  return account;
}

describe('an invited member', () => {
  it('gets an e-mail whose link holds no secret, joins by confirming, and is found among the organizations', async () => {
    const ann = await test.account('ann@partner.example');
    expect(await members().invite(organization.id, acting(olga), { email: ann.email, role: 'admin' })).toBe(
      true,
    );
    const [mail] = await test.mails(ann.email);
    expect(mail?.text).toMatch(/http:\/\/localhost:7071\/join\/plant\s/);
    expect(mail?.text).toContain('Your role: Admin');
    expect((await read()).invitations?.[0]?.sentAt).toBeDefined();
    expect(await rolesNow()).toEqual({ olga: 'owner' });

    await members().accept(organization.id, acting(ann));
    expect(await rolesNow()).toEqual({ olga: 'owner', ann: 'admin' });
    expect((await read()).invitations).toEqual([]);
    const own = await test.services.organizations.of({ accountId: ann.id });
    expect(own.map(({ role }) => role)).toEqual(['admin']);
    expect(await actions()).toEqual(['organization.member-joined', 'organization.member-invited']);
  });

  it('joins once, however often the form is sent', async () => {
    const ann = await test.account('ann@partner.example');
    await members().invite(organization.id, acting(olga), { email: ann.email, role: 'member' });
    const results = await Promise.allSettled(
      [1, 2, 3].map(() => members().accept(organization.id, acting(ann))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await read()).members).toHaveLength(2);
  });

  it.each([
    ['of another address', async () => acting(await test.account('eve@evil.example'))],
    [
      'after 14 days',
      async () => {
        test.clock.moveOn(14 * day);
        return acting(await test.account('ann@partner.example'));
      },
    ],
    [
      'that was withdrawn',
      async () => {
        const email = emailAddress('ann@partner.example');
        await members().withdraw(organization.id, acting(olga), email);
        return acting(await test.account(email));
      },
    ],
  ])('cannot accept an invitation %s', async (_, person) => {
    const email = emailAddress('ann@partner.example');
    await members().invite(organization.id, acting(olga), { email, role: 'owner' });
    await expect(members().accept(organization.id, await person())).rejects.toMatchObject({
      code: 'not-found',
    });
    expect(await rolesNow()).toEqual({ olga: 'owner' });
  });

  it('is sent the invitation again, for another 14 days, with the role it had', async () => {
    const ann = await test.account('ann@partner.example');
    await members().invite(organization.id, acting(olga), { email: ann.email, role: 'admin' });
    test.clock.moveOn(20 * day);
    await members().resend(organization.id, acting(olga), ann.email);
    expect(await test.mails(ann.email)).toHaveLength(2);
    await members().accept(organization.id, acting(ann));
    expect(await rolesNow()).toEqual({ olga: 'owner', ann: 'admin' });
  });

  it('may decline, and cannot accept afterwards', async () => {
    const ann = await test.account('ann@partner.example');
    await members().invite(organization.id, acting(olga), { email: ann.email, role: 'member' });
    await members().decline(organization.id, acting(ann));
    await expect(members().accept(organization.id, acting(ann))).rejects.toMatchObject({ code: 'not-found' });
  });

  it('is not mailed without end, by whomever (ASVS 2.2.1)', async () => {
    const email = emailAddress('ann@partner.example');
    const invite = () => members().invite(organization.id, acting(olga), { email, role: 'member' });
    for (let i = 0; i < 5; i++) await invite();
    await expect(invite()).rejects.toMatchObject({ code: 'too-many-requests' });
    expect(await test.mails(email)).toHaveLength(5);
  });

  it('cannot be one who is a member already', async () => {
    const ann = await join('ann@partner.example', 'member');
    await expect(
      members().invite(organization.id, acting(olga), { email: ann.email, role: 'owner' }),
    ).rejects.toMatchObject({ code: 'conflict', errors: [{ field: 'email' }] });
    expect((await rolesNow()).ann).toBe('member');
  });
});

describe('only owners manage members (ASVS 4.1.3)', () => {
  it.each(['admin', 'member'] as const)('and not an %s', async (role) => {
    const ann = await join('ann@partner.example', role);
    const gus = await join('gus@partner.example', 'member');
    const idOf = organization.id;
    const before = await read();
    for (const attempt of [
      () => members().invite(idOf, acting(ann), { email: emailAddress('x@y.example'), role: 'owner' }),
      () => members().changeRole(idOf, acting(ann), ann.email, 'owner'),
      () => members().remove(idOf, acting(ann), gus.email),
      () => members().withdraw(idOf, acting(ann), gus.email),
      () => members().resend(idOf, acting(ann), gus.email),
      () => test.services.organizationLife.rename(idOf, acting(ann), 'Mine'),
      () => test.services.organizationLife.remove(idOf, acting(ann)),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'forbidden' });
    }
    expect(await read()).toEqual(before);
  });

  it('and for somebody from elsewhere there is no such organization', async () => {
    const eve = await test.account('eve@evil.example');
    await test.services.organizations.create(eve, { name: 'Evil', slug: 'evil' });
    await expect(
      members().changeRole(organization.id, acting(eve), olga.email, 'member'),
    ).rejects.toMatchObject({ code: 'not-found' });
    await expect(members().leave(organization.id, acting(eve))).rejects.toMatchObject({ code: 'not-found' });
  });

  it('and loses that with the role, at once', async () => {
    const ann = await join('ann@partner.example', 'owner');
    await members().changeRole(organization.id, acting(olga), ann.email, 'member');
    await expect(members().remove(organization.id, acting(ann), olga.email)).rejects.toMatchObject({
      code: 'forbidden',
    });
    await members().remove(organization.id, acting(olga), ann.email);
    expect(await test.services.organizations.of({ accountId: ann.id })).toEqual([]);
    await expect(
      test.services.organizations.forMember(organization.id, { accountId: ann.id }),
    ).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('an organization always has an owner', () => {
  it('so the last one can neither leave, nor be demoted, nor removed', async () => {
    await join('ann@partner.example', 'admin');
    for (const attempt of [
      () => members().leave(organization.id, acting(olga)),
      () => members().changeRole(organization.id, acting(olga), olga.email, 'member'),
      () => members().remove(organization.id, acting(olga), olga.email),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'conflict' });
    }
    expect(await rolesNow()).toEqual({ olga: 'owner', ann: 'admin' });
  });

  it.each(['demote', 'remove', 'leave'] as const)(
    'also when two owners %s each other at once: one of them stays',
    async (what) => {
      const ann = await join('ann@partner.example', 'owner');
      const { id } = organization;
      const act = (one: Account, other: Account) =>
        what === 'demote'
          ? members().changeRole(id, acting(one), other.email, 'member')
          : what === 'remove'
            ? members().remove(id, acting(one), other.email)
            : members().leave(id, acting(one));
      const results = await Promise.allSettled([act(olga, ann), act(ann, olga)]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const owners = (await read()).members.filter(({ role }) => role === 'owner');
      expect(owners).toHaveLength(1);
    },
  );

  it('after any sequence of what four people may try, several at a time', async () => {
    const people = await Promise.all(
      ['olga', 'ann', 'gus', 'eve'].map((name) => test.account(`${name}@plant.example`)),
    );
    const person = fc.integer({ min: 0, max: 3 });
    const attempt = fc.record({
      act: fc.constantFrom('invite', 'accept', 'decline', 'role', 'remove', 'leave', 'withdraw'),
      by: person,
      about: person,
      role: fc.constantFrom(...roles),
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(attempt, { minLength: 1, maxLength: 3 }), { maxLength: 12 }),
        async (steps) => {
          const slug = `round-${++round}`;
          // Invitations are throttled by address and day.
          test.clock.moveOn(day);
          const { id } = await test.services.organizations.create(olga, { name: slug, slug });
          for (const together of steps) {
            const results = await Promise.allSettled(
              together.map(async ({ act, by, about, role }) => {
                const [actor, other] = [people[by] ?? olga, people[about] ?? olga];
                const who = acting(actor);
                if (act === 'invite') await members().invite(id, who, { email: other.email, role });
                else if (act === 'accept') await members().accept(id, who);
                else if (act === 'decline') await members().decline(id, who);
                else if (act === 'role') await members().changeRole(id, who, other.email, role);
                else if (act === 'remove') await members().remove(id, who, other.email);
                else if (act === 'withdraw') await members().withdraw(id, who, other.email);
                else await members().leave(id, who);
              }),
            );
            for (const result of results) {
              if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(Problem);
            }
            const now = await test.services.organizations.read(id);
            expect(now?.members.filter(({ role }) => role === 'owner').length).toBeGreaterThan(0);
            expect(new Set(now?.members.map(({ email }) => email)).size).toBe(now?.members.length);
            // The index tells each member, and nobody else, of the organization.
            for (const each of people) {
              const own = await test.services.organizations.of({ accountId: each.id });
              const belongs = now?.members.some(({ accountId }) => accountId === each.id) ?? false;
              expect(own.some(({ organization: { id: found } }) => found === id)).toBe(belongs);
            }
            // Nobody is both a member and invited.
            const invited = new Set(now?.invitations?.map(({ email }) => email));
            expect(now?.members.filter(({ email }) => invited.has(email))).toEqual([]);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('an organization', () => {
  it('is renamed by an owner and keeps its short name', async () => {
    await test.services.organizationLife.rename(organization.id, acting(olga), 'Works');
    expect(await read()).toMatchObject({ name: 'Works', slug: 'plant' });
    expect(await actions()).toEqual(['organization.changed']);
  });

  it('is deleted once no system is connected, and its short name leads nowhere for ever', async () => {
    const { system, credentials } = await test.connect(olga, 'north');
    const life = test.services.organizationLife;
    const id = system.organizationId;
    await expect(life.remove(id, acting(olga))).rejects.toMatchObject({ code: 'conflict' });
    expect((await test.services.systems.authenticate(credentials.accessToken)).system.id).toBe(system.id);
    await test.services.systems.disconnect(system, { kind: 'account', id: olga.id });
    await life.remove(id, acting(olga));
    const found = await test.services.organizations.of({ accountId: olga.id });
    expect(found.map(({ organization: { slug } }) => slug)).toEqual(['plant']);
    await expect(
      test.services.organizations.create(olga, { name: 'Again', slug: 'org-north' }),
    ).rejects.toMatchObject({ code: 'conflict' });
    await expect(life.remove(id, acting(olga))).rejects.toMatchObject({ code: 'not-found' });
    const { items } = await test.services.audit.list(id, { limit: 1 });
    expect(items[0]).toMatchObject({ action: 'organization.deleted' });
  });

  it('that is deleted while a system is approved for it leaves no system connected', async () => {
    const { deviceGrants } = test.services;
    const { userCode, deviceCode } = await deviceGrants.request({ gatewayName: 'gw', source: '192.0.2.1' });
    const [approved] = await Promise.allSettled([
      deviceGrants.approve(userCode, olga, {
        organization: { kind: 'existing', id: organization.id },
        system: { name: 'north', slug: 'north' },
      }),
      test.services.organizationLife.remove(organization.id, acting(olga)),
    ]);
    const deleted = (await read()).deletedAt !== undefined;
    const connected = await test.services.systems.ofOrganization(organization.id);
    if (deleted) {
      expect(connected).toEqual([]);
      const polled = await deviceGrants.poll(deviceCode).catch(() => undefined);
      if (polled) {
        await expect(test.services.systems.authenticate(polled.accessToken)).rejects.toMatchObject({
          code: 'unauthorized',
        });
      }
    } else {
      expect(approved.status).toBe('fulfilled');
      expect(connected).toHaveLength(1);
    }
  });
});
