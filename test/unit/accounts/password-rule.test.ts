import fc from 'fast-check';
import { normalizePassword, passwordFault } from '../../../shared/accounts/password-rule.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';

const ann = emailAddress('ann.fairweather@northwind.example');

describe('a new password (NIST SP 800-63B section 5.1.1.2; ASVS 2.1)', () => {
  it.each([
    ['eight characters that nobody guesses first', 'vq7#mtKx'],
    ['a passphrase with spaces (2.1.4)', 'four crows over the weir'],
    ['another script (2.1.4)', 'подъёмный мост'],
    ['eight emoji: characters are counted, not code units (2.1.3)', '🌉🌊🚦🛶🦆🌧️⛵'],
    ['128 characters (2.1.2)', 'weir '.repeat(25) + 'abc'],
    ['letters only, no rule of composition (2.1.9)', 'zoqvixmu'],
    ['a long one that holds the name of the service', 'drawbridge over troubled water'],
  ])('may be %s', async (_, password) => {
    expect(await passwordFault(password, ann)).toBeUndefined();
  });

  it.each([
    ['seven characters', 'vq7#mtK', /at least 8/],
    ['nothing', '', /at least 8/],
    ['129 characters', 'weir '.repeat(25) + 'abcd', /at most 128/],
    ['the most common one (2.1.7)', 'password1', /guessed first/],
    ['a common one in capitals', 'PASSWORD1', /guessed first/],
    ['a common one with a space after it', 'password1 ', /guessed first/],
    ['digits in a row', '1234567890', /guessed first/],
    ['one character, over and over', 'zzzzzzzzzzzzzzzzzzzz', /guessed first/],
    ['the address', 'ann.fairweather@northwind.example', /too close/],
    ['the name in the address, and a year', 'Fairweather2026', /too close/],
    ['the domain', 'northwind!', /too close/],
    ['the name of the service, and a bit', 'Drawbridge123', /too close/],
  ])('may not be %s', async (_, password, why) => {
    expect(await passwordFault(password, ann)).toMatch(why);
  });

  it('is the same whatever keyboard typed it (RFC 8265 section 4.2.2)', () => {
    expect(normalizePassword('Bru\u0308cke\u00a0auf')).toBe(normalizePassword('Br\u00fccke auf'));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (typed) => {
        const once = normalizePassword(typed);
        expect(normalizePassword(once)).toBe(once);
        expect(once.isWellFormed()).toBe(true);
      }),
    );
  });
});
