import { createAttempts } from '../../../shared/accounts/attempts.ts';
import { authenticatorsSchema } from '../../../shared/accounts/authenticators.ts';
import { createKnownDevices } from '../../../shared/accounts/known-device.ts';
import { argon2PasswordHashing, passwordCost } from '../../../shared/accounts/password-hash.ts';
import { createPasswords } from '../../../shared/accounts/passwords.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import { collection } from '../../../shared/store/collection.ts';
import { systemRandom } from '../../../shared/system-clock.ts';
import { TestServices } from '../../support/services.ts';

const ann = emailAddress('ann@guest.example');
const visit = { source: '192.0.2.1', browser: 'Firefox on Linux' };
const from = (i: number) => ({ ...visit, source: `192.0.2.${i}` });
const good = 'four crows over the weir';
let test: TestServices;
beforeEach(async () => (test = await TestServices.compose()));
afterEach(() => test.close());

const attempts = () => createAttempts({ ...test.services, devices: createKnownDevices(test.services) });
const authenticators = () => collection(test.services.store, 'authenticators', authenticatorsSchema);

async function refusals(): Promise<unknown[]> {
  const { items } = await test.services.audit.list('service', {
    limit: 50,
    action: 'account.sign-in-refused',
  });
  return items.map(({ actor }) => actor);
}

describe('a password', () => {
  it('signs its owner in, and nobody else', async () => {
    const { passwords } = test.services;
    const account = await test.account(ann);
    await passwords.set(account, good, visit);
    expect((await passwords.check(ann, good, visit))?.id).toBe(account.id);
    expect(await passwords.check(ann, `${good} `, visit)).toBeUndefined();
    expect(await passwords.check(emailAddress('ben@guest.example'), good, visit)).toBeUndefined();
  });

  it('is the same in another spelling of its letters', async () => {
    const { passwords } = test.services;
    await passwords.set(await test.account(ann), 'zwei Bru\u0308cken', visit);
    expect(await passwords.check(ann, 'zwei Br\u00fccken', visit)).toBeDefined();
  });

  it('is stored as a hash, apart from the account (ASVS 2.4.1)', async () => {
    const { passwords, store } = test.services;
    await passwords.set(await test.account(ann), good, visit);
    for await (const document of store.scan('authenticators')) {
      expect(JSON.stringify(document)).toContain('$argon2id$');
      expect(JSON.stringify(document)).not.toContain('crows');
    }
    for await (const document of store.scan('accounts')) expect(JSON.stringify(document)).not.toContain('$');
  });

  it('ends every other session when it is set, keeps the one that set it, and mails a notice (ASVS 3.3.3, 2.5.5)', async () => {
    const { passwords, sessions } = test.services;
    const account = await test.account(ann);
    const here = await sessions.openPortal(account);
    const elsewhere = await sessions.openPortal(account);
    const stranger = await sessions.openPortal(await test.account('ben@guest.example'));
    await passwords.set(account, good, visit, here.session.id);
    expect(await sessions.portal(here.cookie)).toBeDefined();
    expect(await sessions.portal(elsewhere.cookie)).toBeUndefined();
    expect(await sessions.portal(stranger.cookie)).toBeDefined();
    const [mail] = await test.mails(ann);
    expect(mail?.subject).toBe('Your password was set');
    expect(mail?.text).toContain('192.0.2.1');
    expect(mail?.text).not.toContain('crows');
  });

  it('can be changed, and then the former one is wrong (ASVS 2.1.5)', async () => {
    const { passwords } = test.services;
    const account = await test.account(ann);
    await passwords.set(account, good, visit);
    await passwords.set(account, 'five herons at the lock', visit);
    expect(await passwords.check(ann, good, visit)).toBeUndefined();
    expect(await passwords.check(ann, 'five herons at the lock', visit)).toBeDefined();
  });

  it('can be removed', async () => {
    const { passwords } = test.services;
    const account = await test.account(ann);
    await passwords.set(account, good, visit);
    await passwords.remove(account, visit);
    expect(await passwords.changedAt(account.id)).toBeUndefined();
    expect(await passwords.check(ann, good, visit)).toBeUndefined();
  });

  it('is hashed anew at sign-in when its hash cost less than today’s', async () => {
    const { passwords } = test.services;
    const account = await test.account(ann);
    const cheap = { memory: 64, passes: 1, parallelism: 1 };
    const changedAt = new Date(test.clock.now()).toISOString();
    const hash = await argon2PasswordHashing.hash(good, systemRandom, cheap);
    await test.services.store.create('authenticators', {
      id: account.id,
      pk: account.id,
      schemaVersion: 1,
      password: { hash, changedAt },
    } as never);
    expect(await passwords.check(ann, 'a wrong one', visit)).toBeUndefined();
    expect((await authenticators().read(account.id))?.document.password?.hash).toBe(hash);
    expect(await passwords.check(ann, good, visit)).toBeDefined();
    const stored = (await authenticators().read(account.id))?.document.password;
    expect(stored?.hash).toContain(`m=${passwordCost.memory},`);
    expect(stored?.changedAt).toBe(changedAt);
    expect(await passwords.check(ann, good, visit)).toBeDefined();
  });
});

describe('a wrong password tells nothing of the account (ASVS 5.0, 6.3.8)', () => {
  const nobody = emailAddress('nobody@guest.example');
  const bare = emailAddress('bare@guest.example');

  async function prepared() {
    await test.account(bare);
    await test.services.passwords.set(await test.account(ann), good, visit);
  }

  it.each([
    ['there is a password', ann],
    ['there is an account without a password', bare],
    ['there is no account', nobody],
  ])('one hash of today’s cost is computed and one note is made, if %s', async (_, address) => {
    await prepared();
    const { services } = test;
    const computed: string[] = [];
    const counting = createPasswords({
      ...services,
      authenticators: authenticators(),
      notice: services.accountNotice,
      attempts: attempts(),
      hashing: {
        ...argon2PasswordHashing,
        verify: (hash, password) => {
          computed.push(hash.split('$').slice(0, 4).join('$'));
          return argon2PasswordHashing.verify(hash, password);
        },
      },
    });
    const before = (await refusals()).length;
    expect(await counting.check(address, 'three swans in the reeds', visit)).toBeUndefined();
    expect(computed).toEqual([`$argon2id$v=19$m=${passwordCost.memory},t=${passwordCost.passes},p=1`]);
    expect(await refusals()).toHaveLength(before + 1);
  });

  it('the note names an account by its id, since the address may be nobody’s', async () => {
    await test.services.passwords.check(nobody, good, visit);
    expect(JSON.stringify(await refusals())).not.toContain('nobody@');
  });

  it('too many attempts are refused in the same words, right or wrong, with an account or without (ASVS 2.2.1)', async () => {
    await prepared();
    const { passwords } = test.services;
    const refused: string[] = [];
    for (const address of [ann, nobody]) {
      await passwords.check(address, 'three swans in the reeds', from(9));
      for (let i = 1; i < 10; i++) await attempts().take('password', address, from(9));
      await passwords.check(address, good, from(9)).catch((error: unknown) => refused.push(String(error)));
    }
    expect(refused).toHaveLength(2);
    expect(new Set(refused).size).toBe(1);
  });
});

describe('guessing is bounded (ASVS 2.2.1)', () => {
  it('to ten an hour for one network and address, fifty for all strangers; the mailed code still gets its owner in', async () => {
    const { passwords, signIn } = test.services;
    await passwords.set(await test.account(ann), good, visit);
    const tooMany = { code: 'too-many-requests' };
    for (let network = 10; network < 15; network++) {
      for (let i = 0; i < 10; i++) await attempts().take('password', ann, from(network));
      await expect(passwords.check(ann, good, from(network))).rejects.toMatchObject(tooMany);
    }
    await expect(passwords.check(ann, good, visit)).rejects.toMatchObject(tooMany);
    await signIn.begin(ann, visit);
    test.clock.moveOn(3600_000);
    expect(await passwords.check(ann, good, visit)).toBeDefined();
  });
});
