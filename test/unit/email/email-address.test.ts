import fc from 'fast-check';
import { parseEmailFrom } from '../../../shared/email/email-from.ts';
import {
  emailAddress,
  emailAddressSchema,
  emailDomain,
  maskEmailAddress,
  parseEmailAddress,
} from '../../../shared/email/email-address.ts';

describe('an e-mail address', () => {
  it.each([
    ['ann@example.com', 'ann@example.com'],
    ['  Ann@Example.COM\n', 'ann@example.com'],
    ['Ann.Lee+plant@mail.example.com', 'ann.lee+plant@mail.example.com'],
    ["o'neil@example.com", "o'neil@example.com"],
    ['juergen@bücher.example', 'juergen@xn--bcher-kva.example'],
    ['a@BÜCHER.example', 'a@xn--bcher-kva.example'],
    ['a@例え。テスト', 'a@xn--r8jz45g.xn--zckzah'],
    ['a@ｅxample.com', 'a@example.com'],
    ['a@1.example', 'a@1.example'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ])('%j is stored as %s', (typed, stored) => {
    expect(parseEmailAddress(typed)).toBe(stored);
  });

  it.each([
    [''],
    ['ann'],
    ['@example.com'],
    ['ann@'],
    ['ann@localhost'],
    ['ann@example..com'],
    ['ann@.example.com'],
    ['ann@example.com.'],
    ['ann@-example.com'],
    ['ann@example-.com'],
    ['ann@exa_mple.com'],
    ['ann@exa%6dple.com'],
    ['ann@127.0.0.1'],
    ['ann@0x7f.1'],
    ['ann@[127.0.0.1]'],
    ['ann@example.com/path'],
    ['ann@example.com:25'],
    ['ann@b@example.com'],
    ['.ann@example.com'],
    ['ann.@example.com'],
    ['an..n@example.com'],
    ['an n@example.com'],
    ['"ann lee"@example.com'],
    ['ann(comment)@example.com'],
    ['Ann <ann@example.com>'],
    ['ann@example.com,bob@example.com'],
    ['ann@example.com\r\nBcc: bob@example.com'],
    ['ann\r\n@example.com'],
    ['jürgen@example.com'],
    ['ann@\u200bexample\u0000.com'],
  ])('%j is refused', (typed) => {
    expect(parseEmailAddress(typed)).toBeUndefined();
    expect(() => emailAddress(typed)).toThrow(TypeError);
  });

  it.each([
    ['a local part of 65 characters', `${'a'.repeat(65)}@example.com`],
    ['a label of 64 characters', `a@${'b'.repeat(64)}.com`],
    ['255 characters', `a@${'b.'.repeat(125)}com`],
    ['a megabyte', `a@${'b'.repeat(1_000_000)}`],
  ])('of %s is refused', (_, typed) => {
    expect(parseEmailAddress(typed)).toBeUndefined();
  });

  it('of 254 characters is taken', () => {
    const longest = `aa@${'b.'.repeat(123)}example`.slice(0, 250) + '.com';
    expect(longest).toHaveLength(254);
    expect(parseEmailAddress(longest)).toBe(longest);
  });

  it('in its stored form is stored as it is', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (typed) => {
        const once = parseEmailAddress(typed);
        fc.pre(once !== undefined);
        expect(parseEmailAddress(once)).toBe(once);
        expect(parseEmailAddress(typed.toUpperCase())).toBe(once);
      }),
    );
  });

  it('whatever was typed, holds nothing that could end a header or an HTML attribute', () => {
    const pieces = fc.array(
      fc.oneof(fc.constantFrom('@', '.', '\r\n', '<', '"', ' ', '%0a', ','), fc.string()),
    );
    fc.assert(
      fc.property(pieces, (typed) => {
        const address = parseEmailAddress(typed.join(''));
        if (address !== undefined) expect(address).toMatch(/^[!-~]+$/);
        if (address !== undefined) expect(address).not.toMatch(/[\s<>",;:()]/);
      }),
    );
  });

  it('is parsed by the schema, which says in words what is wrong', () => {
    expect(emailAddressSchema.parse(' Ann@Example.com')).toBe('ann@example.com');
    expect(emailAddressSchema.safeParse('ann').error?.issues[0]?.message).toBe(
      'This is not an e-mail address.',
    );
  });

  it('shows its domain, and a masked form that does not give it away', () => {
    expect(emailDomain(emailAddress('ann@bücher.example'))).toBe('xn--bcher-kva.example');
    expect(maskEmailAddress(emailAddress('ann.lee@example.com'))).toBe('a***@example.com');
  });
});

describe('the sender of mails', () => {
  it.each([
    ['Drawbridge <No-Reply@example.com>', 'Drawbridge'],
    ['"Drawbridge, Inc." <no-reply@example.com>', 'Drawbridge, Inc.'],
    ['<no-reply@example.com>', ''],
    ['no-reply@example.com', ''],
  ])('is read from %s', (text, name) => {
    expect(parseEmailFrom(text)).toEqual({ name, address: 'no-reply@example.com' });
  });

  it.each([
    ['Drawbridge'],
    ['a <b@example.com> c'],
    ['a@example.com, b@example.com'],
    ['"a <b@example.com>'],
  ])('is not read from %s', (text) => {
    expect(() => parseEmailFrom(text)).toThrow(/^MAIL_FROM /);
  });
});
