import { emailAddress } from '../../../shared/email/email-address.ts';
import { TestServices } from '../../support/services.ts';

const ann = emailAddress('ann@guest.example');
const visit = { source: '192.0.2.1', browser: 'Firefox on Linux' };
const good = 'four crows over the weir';
let test: TestServices;
beforeEach(async () => (test = await TestServices.compose()));
afterEach(() => test.close());

async function tokenFor(address: string): Promise<string> {
  await test.services.passwordLinks.request(emailAddress(address), visit);
  const mails = await test.mails(address);
  const token = /\/password\/choose\?token=([\w-]{43})/.exec(mails[0]?.text ?? '')?.[1];
  if (token === undefined) throw new Error('no link was mailed');
  return token;
}

describe('a password by an e-mailed link (ASVS 2.5)', () => {
  it('sets the password of whoever reads the mailbox, and makes the account of a newcomer', async () => {
    const { passwordLinks, passwords } = test.services;
    const choice = await passwordLinks.choose(await tokenFor(ann), good, visit);
    expect(choice).toEqual({ kind: 'chosen', email: ann });
    expect((await passwords.check(ann, good, visit))?.email).toBe(ann);
  });

  it('survives any number of scanners that only look', async () => {
    const { passwordLinks } = test.services;
    const token = await tokenFor(ann);
    for (let i = 0; i < 20; i++) expect(await passwordLinks.addressOf(token)).toBe(ann);
    expect((await passwordLinks.choose(token, good, visit)).kind).toBe('chosen');
    expect(await passwordLinks.addressOf(token)).toBeUndefined();
  });

  it('is spent once, also when it is sent twice at once', async () => {
    const { passwordLinks, passwords } = test.services;
    const token = await tokenFor(ann);
    const choices = await Promise.all([
      passwordLinks.choose(token, good, visit),
      passwordLinks.choose(token, 'five herons at the lock', visit),
    ]);
    expect(choices.map(({ kind }) => kind).sort()).toEqual(['chosen', 'dead']);
    expect((await passwordLinks.choose(token, good, visit)).kind).toBe('dead');
    const right = await Promise.all(
      [good, 'five herons at the lock'].map((each) => passwords.check(ann, each, visit)),
    );
    expect(right.filter(Boolean)).toHaveLength(1);
  });

  it('is not spent by a password that will not do', async () => {
    const { passwordLinks } = test.services;
    const token = await tokenFor(ann);
    expect(await passwordLinks.choose(token, 'password1', visit)).toMatchObject({ kind: 'unfit' });
    expect((await passwordLinks.choose(token, good, visit)).kind).toBe('chosen');
  });

  it('lives 30 minutes', async () => {
    const { passwordLinks } = test.services;
    const token = await tokenFor(ann);
    test.clock.moveOn(30 * 60_000 - 1);
    expect(await passwordLinks.addressOf(token)).toBe(ann);
    test.clock.moveOn(1);
    expect(await passwordLinks.addressOf(token)).toBeUndefined();
    expect((await passwordLinks.choose(token, good, visit)).kind).toBe('dead');
  });

  it('dies when the password is changed in another way', async () => {
    const { passwordLinks, passwords } = test.services;
    const token = await tokenFor(ann);
    test.clock.moveOn(1000);
    await passwords.set(await test.account(ann), good, visit);
    expect((await passwordLinks.choose(token, 'five herons at the lock', visit)).kind).toBe('dead');
    expect(await passwords.check(ann, good, visit)).toBeDefined();
  });

  it('ends every session, and opens none', async () => {
    const { passwordLinks, sessions } = test.services;
    const account = await test.account(ann);
    const { cookie } = await sessions.openPortal(account);
    await passwordLinks.choose(await tokenFor(ann), good, visit);
    expect(await sessions.portal(cookie)).toBeUndefined();
    expect(await sessions.portalsOf(account.id)).toEqual([]);
  });

  it('stores a hash of the secret only', async () => {
    const token = await tokenFor(ann);
    for await (const document of test.services.store.scan('passwordLinks'))
      expect(JSON.stringify(document)).not.toContain(token);
  });

  it.each(['', 'invented', 'x'.repeat(10_000), '\u0000'])('cannot be invented (%j)', async (token) => {
    expect(await test.services.passwordLinks.choose(token, good, visit)).toEqual({ kind: 'dead' });
  });

  it('does the same for every address: one link, one note, one mail (ASVS 5.0, 6.3.8)', async () => {
    const { passwordLinks, audit, store } = test.services;
    await test.account(ann);
    const count = async () => {
      let links = 0;
      for await (const _ of store.scan('passwordLinks')) links++;
      const { items } = await audit.list('service', { limit: 50, action: 'account.recovery-requested' });
      return [links, items.length];
    };
    for (const [i, address] of [ann, emailAddress('nobody@guest.example')].entries()) {
      await passwordLinks.request(address, visit);
      expect(await count()).toEqual([i + 1, i + 1]);
      const mails = await test.mails(address);
      expect(mails.map(({ subject }) => subject)).toEqual(['Choose your Drawbridge password']);
    }
  });

  it('is mailed at most five times an hour to one address for one network', async () => {
    const { passwordLinks } = test.services;
    for (let i = 0; i < 5; i++) await passwordLinks.request(ann, visit);
    await expect(passwordLinks.request(ann, visit)).rejects.toMatchObject({ code: 'too-many-requests' });
    await passwordLinks.request(ann, { ...visit, source: '192.0.2.2' });
  });
});
