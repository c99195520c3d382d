import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { totpStep } from '../../../shared/accounts/totp.ts';
import type { Account } from '../../../shared/accounts/account.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import { TestServices } from '../../support/services.ts';
import { totpAt } from '../../support/totp.ts';

const ann = emailAddress('ann@guest.example');
const visit = { source: '192.0.2.1', browser: 'Firefox on Linux' };
const halfMinute = 30_000;
let test: TestServices;
let account: Account;
beforeEach(async () => {
  test = await TestServices.compose();
  account = await test.account(ann);
});
afterEach(() => test.close());

/** Turns it on, as someone with an app does. @returns what the app knows, and the recovery codes */
async function turnOn(): Promise<{ secret: string; codes: readonly string[] }> {
  const { secondFactors } = test.services;
  const { sealed, secret } = await secondFactors.enrol(account);
  const codes = await secondFactors.confirm(account, sealed, totpAt(secret, test.clock.now()), visit);
  if (!codes) throw new Error('not confirmed');
  return { secret, codes };
}

describe('the codes of an app (RFC 6238)', () => {
  // Appendix B: SHA-1, the last six of the eight digits.
  it.each([
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
    [20000000000, '353130'],
  ])('at %i seconds is %s', async (seconds, code) => {
    const secret = Buffer.from('12345678901234567890');
    expect(await totpStep(secret, code, seconds * 1000)).toBe(Math.floor(seconds / 30));
    expect(createHmac('sha1', secret).digest()).toHaveLength(20);
  });

  it('are right one step early and one step late, and no further', async () => {
    const secret = Buffer.from('12345678901234567890');
    const code = '287082';
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 200_000 }), async (now) => {
        const step = Math.floor(now / halfMinute);
        expect(await totpStep(secret, code, now)).toBe(step <= 2 ? 1 : undefined);
      }),
    );
  });
});

describe('the second factor', () => {
  it('is on once the app’s first code is right, and not before', async () => {
    const { secondFactors } = test.services;
    const { sealed, secret } = await secondFactors.enrol(account);
    expect(await secondFactors.confirm(account, sealed, '000000', visit)).toBeUndefined();
    expect(await secondFactors.state(account.id)).toBeUndefined();
    expect((await secondFactors.resume(account, sealed))?.secret).toBe(secret);
    const codes = await secondFactors.confirm(account, sealed, totpAt(secret, test.clock.now()), visit);
    expect(new Set(codes).size).toBe(10);
    expect(await secondFactors.state(account.id)).toMatchObject({ recoveryCodesLeft: 10 });
    expect((await test.mails(ann)).map(({ subject }) => subject)).toEqual(['A second step was turned on']);
  });

  it('cannot be set up for somebody else, nor with something invented, nor over one that is on', async () => {
    const { secondFactors } = test.services;
    const { sealed, secret } = await secondFactors.enrol(account);
    const code = totpAt(secret, test.clock.now());
    const ben = await test.account('ben@guest.example');
    expect(await secondFactors.confirm(ben, sealed, code, visit)).toBeUndefined();
    expect(await secondFactors.resume(ben, sealed)).toBeUndefined();
    for (const invented of ['', 'x', `${sealed}x`, `${sealed.slice(0, -2)}AA`, '.'.repeat(9)]) {
      expect(await secondFactors.confirm(account, invented, code, visit)).toBeUndefined();
    }
    await turnOn();
    test.clock.moveOn(60 * 60_000);
    const again = totpAt(secret, test.clock.now());
    await expect(secondFactors.confirm(account, sealed, again, visit)).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('accepts each code once, also when it comes twice at once (ASVS 2.8.4)', async () => {
    const { secondFactors } = test.services;
    const { secret } = await turnOn();
    // The code that turned it on is used up too.
    expect(await secondFactors.check(account, totpAt(secret, test.clock.now()), visit)).toBeUndefined();
    test.clock.moveOn(halfMinute);
    const code = totpAt(secret, test.clock.now());
    const both = await Promise.all([1, 2].map(() => secondFactors.check(account, code, visit)));
    expect(both.filter((each) => each === 'totp')).toHaveLength(1);
    expect(await secondFactors.check(account, code, visit)).toBeUndefined();
  });

  it('accepts no code that is older than one it accepted', async () => {
    const { secondFactors } = test.services;
    const { secret } = await turnOn();
    test.clock.moveOn(2 * halfMinute);
    const older = totpAt(secret, test.clock.now());
    expect(await secondFactors.check(account, totpAt(secret, test.clock.now() + halfMinute), visit)).toBe(
      'totp',
    );
    expect(await secondFactors.check(account, older, visit)).toBeUndefined();
  });

  it('accepts each recovery code once, however it is typed (ASVS 2.6.1)', async () => {
    const { secondFactors } = test.services;
    const [code = '', other = ''] = (await turnOn()).codes;
    expect(code).toMatch(/^[2-9a-z]{4}-[2-9a-z]{4}-[2-9a-z]{4}$/);
    const typed = code.toUpperCase().replaceAll('-', ' ');
    const both = await Promise.all([1, 2].map(() => secondFactors.check(account, typed, visit)));
    expect(both.filter((each) => each === 'recovery-code')).toHaveLength(1);
    expect(await secondFactors.state(account.id)).toMatchObject({ recoveryCodesLeft: 9 });
    expect(await secondFactors.check(account, other, visit)).toBe('recovery-code');
  });

  it('makes new recovery codes, and then the former ones are wrong', async () => {
    const { secondFactors } = test.services;
    const [former = ''] = (await turnOn()).codes;
    const [code = ''] = await secondFactors.renewRecoveryCodes(account, visit);
    expect(await secondFactors.check(account, former, visit)).toBeUndefined();
    expect(await secondFactors.check(account, code, visit)).toBe('recovery-code');
  });

  it('stores neither the secret nor a recovery code (ASVS 2.8.2, 2.6.2)', async () => {
    const { secret, codes } = await turnOn();
    let documents = 0;
    for await (const document of test.services.store.scan('authenticators')) {
      documents++;
      const text = JSON.stringify(document);
      for (const each of [secret, ...codes, ...codes.map((code) => code.replaceAll('-', ''))])
        expect(text).not.toContain(each);
    }
    expect(documents).toBe(1);
  });

  it('bounds guessing by an hour and a day, and leaves recovery codes for its owner', async () => {
    const { secondFactors } = test.services;
    const { secret, codes } = await turnOn();
    test.clock.moveOn(24 * 3600_000);
    const from = (i: number) => ({ ...visit, source: `192.0.2.${i}` });
    const wrong = () => (totpAt(secret, test.clock.now()) === '000000' ? '000001' : '000000');
    for (const network of [11, 12, 13]) {
      for (let i = 0; i < 10; i++) await secondFactors.check(account, wrong(), from(network));
      await expect(secondFactors.check(account, wrong(), from(network))).rejects.toMatchObject({
        code: 'too-many-requests',
      });
    }
    const right = totpAt(secret, test.clock.now());
    await expect(secondFactors.check(account, right, from(14))).rejects.toMatchObject({
      code: 'too-many-requests',
    });
    expect(await secondFactors.check(account, codes[0] ?? '', from(14))).toBe('recovery-code');
  });

  it('can be turned off', async () => {
    const { secondFactors } = test.services;
    const { secret } = await turnOn();
    await secondFactors.remove(account, visit);
    test.clock.moveOn(halfMinute);
    expect(await secondFactors.state(account.id)).toBeUndefined();
    expect(await secondFactors.check(account, totpAt(secret, test.clock.now()), visit)).toBeUndefined();
  });

  it('leaves the password alone, and the password leaves it alone', async () => {
    const { secondFactors, passwords } = test.services;
    await passwords.set(account, 'four crows over the weir', visit);
    await turnOn();
    await passwords.set(account, 'five herons at the lock', visit);
    expect(await secondFactors.state(account.id)).toBeDefined();
    await secondFactors.remove(account, visit);
    expect(await passwords.check(ann, 'five herons at the lock', visit)).toBeDefined();
  });
});

describe('the steps of signing in', () => {
  it('ask for the second one after a code and after a password alike, and say in the session what was proved', async () => {
    const { signInSteps, sessions } = test.services;
    const { secret } = await turnOn();
    for (const factor of ['code', 'password'] as const) {
      test.clock.moveOn(halfMinute);
      const step = await signInSteps.first(account, factor, visit);
      if (step.kind !== 'second-factor') throw new Error(step.kind);
      const done = await signInSteps.second(step.half, totpAt(secret, test.clock.now()), visit);
      if (done.kind !== 'signed-in') throw new Error(done.kind);
      expect((await sessions.portal(done.cookie))?.factors).toEqual([factor, 'totp']);
      expect(await signInSteps.second(step.half, totpAt(secret, test.clock.now()), visit)).toEqual({
        kind: 'over',
      });
    }
  });

  it('open a session after the first where there is no second', async () => {
    const { signInSteps, sessions } = test.services;
    const step = await signInSteps.first(account, 'code', visit);
    if (step.kind !== 'signed-in') throw new Error(step.kind);
    expect(await sessions.portal(step.cookie)).toMatchObject({
      factors: ['code'],
      source: '192.0.2.1',
      browser: 'Firefox on Linux',
    });
  });

  it('are over after five wrong codes, and the owner is told that someone got so far', async () => {
    const { signInSteps } = test.services;
    const { secret } = await turnOn();
    test.clock.moveOn(halfMinute);
    const step = await signInSteps.first(account, 'password', visit);
    if (step.kind !== 'second-factor') throw new Error(step.kind);
    const right = totpAt(secret, test.clock.now());
    const wrong = right === '000000' ? '000001' : '000000';
    const kinds: string[] = [];
    for (let i = 0; i < 5; i++) kinds.push((await signInSteps.second(step.half, wrong, visit)).kind);
    expect(kinds).toEqual(['wrong', 'wrong', 'wrong', 'wrong', 'over']);
    expect((await signInSteps.second(step.half, right, visit)).kind).toBe('over');
    expect((await test.mails(ann)).map(({ subject }) => subject)).toContain(
      'Someone was stopped at the second step',
    );
  });

  it('are over after ten minutes, and cannot be begun in the middle', async () => {
    const { signInSteps } = test.services;
    const { secret } = await turnOn();
    const step = await signInSteps.first(account, 'code', visit);
    if (step.kind !== 'second-factor') throw new Error(step.kind);
    test.clock.moveOn(10 * 60_000);
    expect((await signInSteps.second(step.half, totpAt(secret, test.clock.now()), visit)).kind).toBe('over');
    expect((await signInSteps.second('invented', totpAt(secret, test.clock.now()), visit)).kind).toBe('over');
  });

  it('count as recent for ten minutes, and only with the second one (ASVS 3.7.1)', async () => {
    const { signInSteps, sessions } = test.services;
    const bare = (await sessions.openPortal(account, { factors: ['code'] })).session;
    expect(await signInSteps.mayChangeSignIn(bare)).toBe(true);
    test.clock.moveOn(10 * 60_000);
    expect(await signInSteps.mayChangeSignIn(bare)).toBe(false);
    await turnOn();
    const half = (await sessions.openPortal(account, { factors: ['code'] })).session;
    expect(await signInSteps.mayChangeSignIn(half)).toBe(false);
    const whole = (await sessions.openPortal(account, { factors: ['code', 'totp'] })).session;
    expect(await signInSteps.mayChangeSignIn(whole)).toBe(true);
  });
});
