import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { createSasToken, type SasRight, verifySasToken } from '../../../shared/tunnel/sas-token.ts';
import { keys } from './tunnel-setup.ts';

const now = Date.UTC(2026, 0, 1);
const clock = { now: () => now };
const grant = {
  resource: 'http://ns.servicebus.windows.net/hyco',
  keyName: 'all',
  key: keys['all']?.key ?? '',
};
const token = (more: Partial<Parameters<typeof createSasToken>[0]> = {}) =>
  createSasToken({ ...grant, expiresAt: now + 60_000, ...more });
const verify = (text: string | undefined, path = 'hyco', right: SasRight = 'Send') =>
  verifySasToken(text, { keys, path, right, clock });

describe('a shared access signature', () => {
  it('has the documented form and signs the encoded resource and the expiry with the key as it is written', () => {
    const resource = 'http%3A%2F%2Fns.servicebus.windows.net%2Fhyco';
    const expiry = now / 1000 + 60;
    const signature = createHmac('sha256', grant.key).update(`${resource}\n${expiry}`).digest('base64');
    expect(token()).toBe(
      `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=all`,
    );
  });

  it('is accepted for its resource until it expires', () => {
    expect(verify(token())).toEqual({ ok: true, keyName: 'all', expiresAt: now + 60_000 });
  });

  it('is accepted as other makers of tokens write it: escapes in lower case, another scheme, a trailing slash', () => {
    const resource = 'sb%3a%2f%2fns.servicebus.windows.net%2fHyco%2f';
    const signature = createHmac('sha256', grant.key)
      .update(`${resource}\n${now / 1000 + 9}`)
      .digest('base64');
    const foreign = `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${now / 1000 + 9}&skn=all`;
    expect(verify(foreign).ok).toBe(true);
  });

  it.each([
    ['nothing', undefined, 'missing'],
    ['an empty text', '', 'missing'],
    ['a bearer token', 'Bearer eyJ', 'malformed'],
    ['a field given twice', `${token()}&se=99999999999`, 'malformed'],
    ['a field without a value', token().replace(/skn=.*/, 'skn='), 'malformed'],
    ['an escape that is none', token().replace(/sig=[^&]*/, 'sig=%zz'), 'malformed'],
    ['an expiry that is no number', token().replace(/se=\d+/, 'se=never'), 'malformed'],
    ['more than 4 kB', `${token()}${'x'.repeat(5000)}`, 'malformed'],
    ['a key nobody has', token({ keyName: 'nobody' }), 'unknown key'],
    ['a key named like a member of every object', token({ keyName: 'toString' }), 'unknown key'],
    ['the wrong key', token({ key: 'guess' }), 'bad signature'],
    ['a later expiry than was signed', token().replace(/se=\d+/, 'se=99999999999'), 'bad signature'],
    ['a signature cut short', token().replace(/sig=[^&]*/, 'sig=AAAA'), 'bad signature'],
    ['a token of this very second', token({ expiresAt: now }), 'expired'],
  ])('is refused with 401: %s', (_what, text, reason) => {
    expect(verify(text)).toEqual({ ok: false, status: 401, reason });
  });

  it.each([
    ['another hybrid connection', token(), 'other', 'Send', 'wrong resource'],
    ['a name that only begins alike', token(), 'hyco2', 'Send', 'wrong resource'],
    [
      'a resource below the path',
      token({ resource: `${grant.resource}/below` }),
      'hyco',
      'Send',
      'wrong resource',
    ],
    [
      'a right that the key lacks',
      token({ keyName: 'send', key: keys['send']?.key ?? '' }),
      'hyco',
      'Listen',
      'missing right',
    ],
  ] as const)('is refused with 403: %s', (_what, text, path, right, reason) => {
    expect(verify(text, path, right)).toEqual({ ok: false, status: 403, reason });
  });

  it('covers everything below its resource, the whole namespace if it names no path', () => {
    expect(verify(token(), 'hyco/below').ok).toBe(true);
    expect(verify(token({ resource: 'http://ns.servicebus.windows.net/' }), 'anything').ok).toBe(true);
  });

  it('holds for any names, and any change of a character breaks it', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/);
    fc.assert(
      fc.property(name, fc.nat(), fc.constantFrom('A', 'z', '0'), (path, place, other) => {
        const text = token({ resource: `http://h/${path}` });
        expect(verify(text, path).ok).toBe(true);
        const at =
          'SharedAccessSignature '.length + (place % (text.length - 'SharedAccessSignature '.length));
        const changed = text.slice(0, at) + other + text.slice(at + 1);
        if (changed !== text) expect(verify(changed, path).ok).toBe(false);
      }),
    );
  });
});
