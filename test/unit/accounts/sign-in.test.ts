import { hasSecondFactor } from '../../../shared/accounts/factor.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import type { ShareId } from '../../../shared/identifier.ts';
import { TestServices } from '../../support/services.ts';

const ann = emailAddress('ann@guest.example');
let test: TestServices;
beforeEach(async () => (test = await TestServices.compose()));
afterEach(() => test.close());

async function codeOf(address: string): Promise<string> {
  const [mail] = await test.mails(address);
  return (/\b(\d{6}|\d{3} \d{3})\b/.exec(mail?.text ?? '')?.[1] ?? '').replace(' ', '');
}

const wrong = (code: string) => (code === '000000' ? '000001' : '000000');

describe('sign-in by a mailed code (ASVS 2.7)', () => {
  it('makes the account of who enters the right code, and the same one the next time', async () => {
    const { signIn } = test.services;
    const first = await signIn.finish(await signIn.begin(ann, { source: '192.0.2.1' }), await codeOf(ann));
    expect(first?.email).toBe(ann);
    test.clock.moveOn(1000);
    const again = await signIn.finish(await signIn.begin(ann, { source: '192.0.2.1' }), await codeOf(ann));
    expect(again?.id).toBe(first?.id);
  });

  it('accepts a code once only', async () => {
    const { signIn } = test.services;
    const id = await signIn.begin(ann, { source: '192.0.2.1' });
    const code = await codeOf(ann);
    const results = await Promise.all([signIn.finish(id, code), signIn.finish(id, code)]);
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await signIn.finish(id, code)).toBeUndefined();
  });

  it('accepts a code for ten minutes', async () => {
    const { signIn } = test.services;
    const id = await signIn.begin(ann, { source: '192.0.2.1' });
    test.clock.moveOn(10 * 60_000 - 1);
    expect(await signIn.finish(id, await codeOf(ann))).toBeDefined();
    const late = await signIn.begin(ann, { source: '192.0.2.1' });
    test.clock.moveOn(10 * 60_000);
    expect(await signIn.finish(late, await codeOf(ann))).toBeUndefined();
  });

  it('gives up a code after five wrong ones', async () => {
    const { signIn } = test.services;
    const id = await signIn.begin(ann, { source: '192.0.2.1' });
    const code = await codeOf(ann);
    for (let i = 0; i < 5; i++) expect(await signIn.finish(id, wrong(code))).toBeUndefined();
    expect(await signIn.finish(id, code)).toBeUndefined();
  });

  it('accepts no code under another challenge, and no invented challenge', async () => {
    const { signIn } = test.services;
    const id = await signIn.begin(ann, { source: '192.0.2.1' });
    const code = await codeOf(ann);
    await signIn.begin(emailAddress('eve@evil.example'), { source: '192.0.2.2' });
    const eves = await codeOf('eve@evil.example');
    if (eves !== code) expect(await signIn.finish(id, eves)).toBeUndefined();
    expect(await signIn.finish('invented', code)).toBeUndefined();
  });

  it('stores neither the code nor anything from which it follows', async () => {
    const { signIn, store } = test.services;
    await signIn.begin(ann, { source: '192.0.2.1' });
    const code = await codeOf(ann);
    for await (const document of store.scan('challenges'))
      expect(JSON.stringify(document)).not.toContain(code);
  });

  it('mails one address at most eight codes an hour for one network, and says how long to wait', async () => {
    const { signIn } = test.services;
    const network = (i: number) => ({ source: `2001:db8:0:1::${i}` });
    for (let i = 0; i < 8; i++) await signIn.begin(ann, network(i));
    await expect(signIn.begin(ann, network(99))).rejects.toMatchObject({
      code: 'too-many-requests',
      retryAfter: expect.any(Number) as number,
    });
    // A stranger who uses up a share of the address takes nothing from its owner.
    await signIn.begin(ann, { source: '192.0.2.1' });
    test.clock.moveOn(3600_000);
    await signIn.begin(ann, network(99));
  });

  it('mails one address at most 24 codes an hour for all strangers, and still one to a known device', async () => {
    const { signIn, signInSteps } = test.services;
    const visit = { source: '192.0.2.200', browser: 'Firefox on Linux' };
    const signedIn = await signInSteps.first(await test.account(ann), 'code', visit);
    if (signedIn.kind !== 'signed-in') throw new Error(signedIn.kind);
    for (let i = 0; i < 24; i++) await signIn.begin(ann, { source: `192.0.2.${i}` });
    const tooMany = { code: 'too-many-requests' };
    await expect(signIn.begin(ann, visit)).rejects.toMatchObject(tooMany);
    await signIn.begin(ann, { ...visit, device: signedIn.device });
    const forged = `${signedIn.device.slice(0, -2)}xx`;
    await expect(signIn.begin(ann, { ...visit, device: forged })).rejects.toMatchObject(tooMany);
    // It counts for the one address it was given for.
    const ben = emailAddress('ben@guest.example');
    for (let i = 0; i < 24; i++) await signIn.begin(ben, { source: `192.0.3.${i}` });
    await expect(signIn.begin(ben, { ...visit, device: signedIn.device })).rejects.toMatchObject(tooMany);
    test.clock.moveOn(3600_000);
    await signIn.begin(ann, { source: '192.0.2.1' });
  });

  it('bounds what one source asks for, whatever the addresses', async () => {
    const { signIn } = test.services;
    for (let i = 0; i < 60; i++)
      await signIn.begin(emailAddress(`p${i}@guest.example`), { source: '192.0.2.1' });
    await expect(
      signIn.begin(emailAddress('last@guest.example'), { source: '192.0.2.1' }),
    ).rejects.toMatchObject({
      code: 'too-many-requests',
    });
    await signIn.begin(emailAddress('other@guest.example'), { source: '192.0.2.2' });
  });
});

describe('sessions', () => {
  it('open with the cookie only, and close for ever', async () => {
    const { sessions, store } = test.services;
    const account = await test.account(ann);
    const { cookie, session } = await sessions.openPortal(account);
    expect((await sessions.portal(cookie))?.accountId).toBe(account.id);
    expect(await sessions.portal(session.id)).toBeUndefined();
    for await (const document of store.scan('sessions'))
      expect(JSON.stringify(document)).not.toContain(cookie);
    await sessions.close(session);
    expect(await sessions.portal(cookie)).toBeUndefined();
  });

  it('end after 30 days', async () => {
    const { sessions } = test.services;
    const { cookie } = await sessions.openPortal(await test.account(ann));
    test.clock.moveOn(30 * 24 * 3600_000 - 1);
    expect(await sessions.portal(cookie)).toBeDefined();
    test.clock.moveOn(1);
    expect(await sessions.portal(cookie)).toBeUndefined();
  });

  it('are listed to their owner, newest first, those of shares left out (ASVS 3.3.4)', async () => {
    const { sessions } = test.services;
    const account = await test.account(ann);
    const first = await sessions.openPortal(account, { factors: ['code'], source: '192.0.2.1' });
    test.clock.moveOn(1000);
    const second = await sessions.openPortal(account);
    await sessions.openShare(account, 'share' as ShareId, first.session.id);
    await sessions.openPortal(await test.account('ben@guest.example'));
    expect((await sessions.portalsOf(account.id)).map(({ id }) => id)).toEqual([
      second.session.id,
      first.session.id,
    ]);
    test.clock.moveOn(30 * 24 * 3600_000 - 1000);
    expect((await sessions.portalsOf(account.id)).map(({ id }) => id)).toEqual([second.session.id]);
  });

  it('are ended by their owner, one or all others, with the shares that hang on them, and by nobody else', async () => {
    const { sessions } = test.services;
    const share = 'share' as ShareId;
    const account = await test.account(ann);
    const ben = await test.account('ben@guest.example');
    const open = async () => {
      const portal = await sessions.openPortal(account);
      return { portal, share: await sessions.openShare(account, share, portal.session.id) };
    };
    const [here, one, another] = [await open(), await open(), await open()];
    const alive = async ({ portal, share: viewer }: typeof here) => [
      (await sessions.portal(portal.cookie)) !== undefined,
      (await sessions.share(viewer.cookie, share)) !== undefined,
    ];
    expect(await sessions.closeOne(ben.id, one.portal.session.id)).toBe(false);
    expect(await alive(one)).toEqual([true, true]);
    expect(await sessions.closeOne(account.id, one.portal.session.id)).toBe(true);
    expect(await alive(one)).toEqual([false, false]);
    expect(await sessions.closeOne(account.id, one.portal.session.id)).toBe(false);
    expect(await sessions.closeAll(account.id, here.portal.session.id)).toBe(1);
    expect(await alive(another)).toEqual([false, false]);
    expect(await alive(here)).toEqual([true, true]);
    expect(await sessions.closeAll(account.id)).toBe(1);
    expect(await alive(here)).toEqual([false, false]);
  });

  it('of an older form, without what was proved, are read as having proved no second factor', async () => {
    const { sessions, store } = test.services;
    const account = await test.account(ann);
    const { cookie, session } = await sessions.openPortal(account);
    const stored = await store.read('sessions', session.id, session.id);
    if (!stored) throw new Error('no session');
    const { id, pk, schemaVersion, accountId, email, createdAt, expiresAt } = session;
    const older = { id, pk, schemaVersion, accountId, email, createdAt, expiresAt };
    await store.replace('sessions', older, stored.etag);
    const read = await sessions.portal(cookie);
    expect(read).toBeDefined();
    expect(hasSecondFactor(read ?? {})).toBe(false);
  });
});
