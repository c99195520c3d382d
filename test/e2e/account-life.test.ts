import { Person, send, type Answer } from '../../local/rehearsal/person.ts';
import { Runtime } from '../../local/rehearsal/runtime.ts';
import { decideConnect } from '../support/connect-decision.ts';
import { totpAt } from '../support/totp.ts';

const form = 'application/x-www-form-urlencoded';
const first = 'four crows over the weir';
const second = 'five herons at the lock';

/** The life of an account, each step as a person does it in a browser. The steps build on each other. */
describe('the life of an account', () => {
  let runtime: Runtime;
  let ann: Person;
  let elsewhere: Person;
  let secret: string;
  let recoveryCodes: string[];

  const byPassword = async (person: Person, password: string, returnTo = '/'): Promise<Answer> => {
    const page = await person.open(`/sign-in/password?returnTo=${encodeURIComponent(returnTo)}`);
    return person.submit(page, '/sign-in/password', { email: person.email, password });
  };
  const asAnn = () => new Person(runtime, ann.email);
  const subjects = async () => (await runtime.mails(ann.email)).map(({ subject }) => subject);
  const newestLink = async (email: string): Promise<string> => {
    const text = (await runtime.mails(email)).find(({ subject }) => /password/.test(subject))?.text ?? '';
    return /http\S+\/password\/choose\?token=[\w-]+/.exec(text)?.[0] ?? '';
  };
  /** A code that was not used yet, of now or of the step that comes. */
  const appCode = (stepsAhead = 0) => totpAt(secret, Date.now() + stepsAhead * 30_000);

  beforeAll(async () => {
    runtime = await Runtime.start();
    ann = new Person(runtime, 'ann@plant.example');
  });
  afterAll(async () => expect(await runtime.stop()).toBe(0));

  it('signs up by a mailed code', async () => {
    const page = await ann.signIn('/account');
    expect(page.text).toContain('<h1>Your account</h1>');
    expect(page.text).toContain('None. You sign in with a code');
    expect(page.text).toContain('This browser');
  });

  it('sets a password, which must not be a common one (ASVS 2.1.7)', async () => {
    const page = await ann.open('/account/password');
    const refused = await ann.submit(page, '/account/password', { password: 'Password1' });
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('guessed first');
    const done = await ann.submit(refused, '/account/password', { password: first });
    expect(new URL(done.url).pathname).toBe('/account');
    expect(done.text).toContain('Change the password');
    expect(await subjects()).toContain('Your password was set');
  });

  it('signs out, and in by the password; not by a wrong one', async () => {
    await ann.submit(await ann.open('/account'), '/sign-out', {});
    const wrong = await byPassword(ann, second);
    expect(wrong.status).toBe(400);
    expect(wrong.text).toContain('Address and password do not fit together.');
    expect(wrong.text).not.toContain(second);
    expect((await byPassword(ann, first)).text).toContain('<h1>Home</h1>');
  });

  it('gives a stranger the same answers whether there is an account or not (ASVS 5.0, 6.3.8)', async () => {
    const eve = new Person(runtime, 'eve@evil.example');
    const answers = async (email: string) => {
      const plain = ({ status, text, headers }: Answer) => ({
        status,
        text: text.replaceAll(email, 'ADDRESS').replace(/name="challengeId" value="[^"]*"/, ''),
        headers: Object.keys(headers).sort(),
      });
      const start = await eve.open('/sign-in');
      const page = await eve.submit(await eve.open('/sign-in/password'), '/sign-in/password', {
        email,
        password: second,
      });
      const code = await eve.submit(start, '/sign-in', { email });
      const link = await eve.submit(await eve.open('/password'), '/password', { email });
      return [page, code, link].map(plain);
    };
    await eve.open('/sign-in');
    const known = await answers(ann.email);
    expect(known.map(({ status }) => status)).toEqual([400, 200, 200]);
    expect(await answers('nobody@plant.example')).toEqual(known);
  });

  it('recovers by a link that a scanner opened first; that ends every session', async () => {
    const link = await newestLink(ann.email);
    for (const method of ['GET', 'HEAD', 'GET']) await send(link, { method });
    // A scanner that posts has neither the page's token nor its cookie.
    const posted = await send(link, {
      method: 'POST',
      headers: { 'content-type': form, origin: runtime.origin },
      body: new URLSearchParams({
        token: new URL(link).searchParams.get('token') ?? '',
        password: second,
      }).toString(),
    });
    expect(posted.status).toBe(403);

    const browser = asAnn();
    const page = await browser.open(link);
    const weak = await browser.submit(page, '/password/choose', { password: 'ann' });
    expect(weak.text).toContain('Use at least 8 characters.');
    const done = await browser.submit(weak, '/password/choose', { password: second });
    expect(done.text).toContain('Your password is set');
    expect((await browser.open(link)).status).toBe(410);
    expect((await ann.open('/account')).text).toContain('<h1>Sign in</h1>');
    expect((await byPassword(ann, first)).status).toBe(400);
    expect((await byPassword(ann, second)).text).toContain('<h1>Home</h1>');
  });

  it('turns on a second step, and keeps the recovery codes', async () => {
    elsewhere = asAnn();
    await byPassword(elsewhere, second);
    const start = await ann.open('/account/second-factor');
    const enrol = await ann.submit(start, '/account/second-factor/enrol', {});
    expect(enrol.text).toContain('<svg class="qr"');
    secret = /secret=([A-Z2-7]+)/.exec(enrol.text)?.[1] ?? '';
    const wrong = await ann.submit(enrol, '/account/second-factor/confirm', { code: '12345' });
    expect(wrong.status).toBe(400);
    expect(wrong.text).toContain(secret);
    const done = await ann.submit(wrong, '/account/second-factor/confirm', { code: appCode() });
    recoveryCodes = [...done.text.matchAll(/<code>([2-9a-z-]{14})<\/code>/g)].map(([, code = '']) => code);
    expect(recoveryCodes).toHaveLength(10);
    // The session that proved it goes on under another cookie; the others end.
    expect((await ann.open('/account')).text).toContain('Recovery codes left: 10');
    expect((await elsewhere.open('/account')).text).toContain('<h1>Sign in</h1>');
    expect(await subjects()).toContain('A second step was turned on');
  });

  it('signs in with the second step; a code works once (ASVS 2.8.4)', async () => {
    const half = await byPassword(elsewhere, second, '/account');
    expect(half.text).toContain('<h1>Second step</h1>');
    expect((await elsewhere.open('/account')).text).toContain('<h1>Sign in</h1>');
    const code = appCode(1);
    const page = await elsewhere.submit(half, '/sign-in/second-factor', { code });
    expect(page.text).toContain('By password and app');
    const third = asAnn();
    const again = await third.submit(await byPassword(third, second), '/sign-in/second-factor', { code });
    expect(again.status).toBe(400);
    expect(again.text).toContain('was used already');
  });

  it('asks for the second step after a mailed code, too; a recovery code does once', async () => {
    const third = asAnn();
    const half = await third.signIn('/account');
    expect(half.text).toContain('<h1>Second step</h1>');
    const [code = ''] = recoveryCodes;
    const page = await third.submit(half, '/sign-in/second-factor', { code });
    expect(page.text).toContain('Recovery codes left: 9');
    expect(page.text).toContain('By e-mailed code and recovery code');
    expect(await subjects()).toContain('A recovery code was used to sign in');
    const fourth = asAnn();
    const again = await fourth.submit(await byPassword(fourth, second), '/sign-in/second-factor', { code });
    expect(again.status).toBe(400);
  });

  it('recovers the password without a way around the second step', async () => {
    const browser = asAnn();
    await browser.submit(await browser.open('/password'), '/password', { email: ann.email });
    const page = await browser.open(await newestLink(ann.email));
    await browser.submit(page, '/password/choose', { password: first });
    const half = await byPassword(browser, first);
    expect(half.text).toContain('<h1>Second step</h1>');
    ann = asAnn();
    const done = await ann.submit(await byPassword(ann, first), '/sign-in/second-factor', {
      code: recoveryCodes[1] ?? '',
    });
    expect(done.text).toContain('<h1>Home</h1>');
  });

  it('lists where it is signed in, and ends one session, and all others (ASVS 3.3.4)', async () => {
    const [phone, tablet] = [asAnn(), asAnn()];
    for (const [i, person] of [phone, tablet].entries()) {
      const half = await byPassword(person, first);
      await person.submit(half, '/sign-in/second-factor', { code: recoveryCodes[2 + i] ?? '' });
    }
    const page = await ann.open('/account');
    expect(page.text.match(/name="session"/g)).toHaveLength(2);
    await ann.submit(page, '/account/sessions/end', {});
    const alive = async () =>
      Promise.all(
        [ann, phone, tablet].map(async (person) =>
          (await person.open('/account')).text.includes('Your account</h1>'),
        ),
      );
    expect((await alive()).filter(Boolean)).toHaveLength(2);
    await ann.submit(await ann.open('/account'), '/account/sessions/end-others', {});
    expect(await alive()).toEqual([true, false, false]);
  });

  it('lets an owner require the second step, and shuts out a member who has none', async () => {
    const asked = await send(new URL('/oauth/device_authorization', runtime.origin).href, {
      method: 'POST',
      headers: { 'content-type': form },
      body: 'client_id=drawbridge-gateway',
    });
    const { verification_uri_complete } = JSON.parse(asked.text) as { verification_uri_complete: string };
    await decideConnect(ann, verification_uri_complete, 'approve', 'plant');
    const setting = await ann.open('/organizations/plant/policies');
    const changed = await ann.submit(setting, '/organizations/plant/second-factor', {});
    expect(changed.text).toContain('Every member needs a second step');
    expect((await ann.open('/')).text).toContain('Monitoring plant');
    const systemPath =
      /href="(\/systems\/[^"]+)"/.exec((await ann.open('/organizations/plant')).text)?.[1] ?? '';

    // Ann turns her own second step off: the session that proved it goes, and with it the way in.
    const manage = await ann.open('/account/second-factor');
    const off = await ann.submit(manage, '/account/second-factor/remove', {});
    expect(off.text).toContain('Off');
    for (const path of ['/organizations/plant', '/organizations/plant/audit', systemPath]) {
      const page = await ann.open(path);
      expect([path, page.status]).toEqual([path, 403]);
      expect(page.text).toContain('href="/account/second-factor"');
      expect(page.text).not.toContain('Monitoring plant');
    }
    const home = await ann.open('/');
    expect(home.text).toContain('This organization asks for a second step');
    expect(home.text).not.toContain('Monitoring plant');
    const forbidden = await ann.send(`${systemPath}/disconnect`, {
      method: 'POST',
      headers: { 'content-type': form, origin: runtime.origin },
      body: new URLSearchParams({
        csrf: /name="csrf" value="([^"]*)"/.exec(home.text)?.[1] ?? '',
        confirm: 'Monitoring plant',
      }).toString(),
    });
    expect(forbidden.status).toBe(403);
    expect(forbidden.text).toContain('A second step is needed');
  });

  it('keeps all of it through a crash', async () => {
    await runtime.kill();
    await runtime.restart();
    expect((await ann.open('/account')).text).toContain('Your account</h1>');
    expect((await byPassword(asAnn(), first)).text).toContain('<h1>Home</h1>');
  });

  const changes = [
    '/account/password',
    '/account/password/remove',
    '/account/second-factor/enrol',
    '/account/second-factor/confirm',
    '/account/second-factor/recovery-codes',
    '/account/second-factor/remove',
    '/account/delete',
    '/account/sessions/end',
    '/account/sessions/end-others',
    '/organizations/plant/second-factor',
  ];
  it.each(changes)(
    '%s takes only forms of our own pages, and only from who is signed in (ASVS 4.2.2)',
    async (path) => {
      const post = (person: Person, origin: string, csrf = '') =>
        person.send(path, {
          method: 'POST',
          headers: { 'content-type': form, origin },
          body: new URLSearchParams({ csrf }).toString(),
        });
      expect((await post(ann, runtime.origin)).status).toBe(403);
      const csrf = /name="csrf" value="([^"]*)"/.exec((await ann.open('/account')).text)?.[1] ?? '';
      expect((await post(ann, 'https://evil.example', csrf)).status).toBe(403);
      const stranger = await post(new Person(runtime, 'eve@evil.example'), runtime.origin);
      expect([stranger.status, stranger.headers.location]).toEqual([
        303,
        expect.stringMatching(/^\/sign-in\?/),
      ]);
      expect((await ann.open('/account')).text).toContain('Change the password');
    },
  );

  it('is deleted after a fresh sign-in, not as the only owner of an organization, and for good', async () => {
    const eve = new Person(runtime, 'eva@guest.example');
    const page = await eve.signIn('/account/delete');
    expect(page.text).toContain('<h1>Delete your account</h1>');
    const wrong = await eve.submit(page, '/account/delete', { confirm: ann.email });
    expect([wrong.status, wrong.text.includes('This is not your address.')]).toEqual([400, true]);
    const gone = await eve.submit(wrong, '/account/delete', { confirm: ' Eva@guest.example ' });
    expect(gone.text).toContain('<h1>Your account is deleted</h1>');
    expect(new URL((await eve.open('/account')).url).pathname).toBe('/sign-in');
    expect((await runtime.mails(eve.email)).map(({ subject }) => subject)).toContain(
      'Your account was deleted',
    );
    // Ann owns an organization alone.
    expect((await ann.open('/account/delete')).text).toContain('these have none but you');
  });
});
