import fc from 'fast-check';
import { instant } from '../../../shared/clock.ts';
import { emailColours } from '../../../shared/email/email-colours.ts';
import { credentialsRevokedEmail } from '../../../shared/email/credentials-revoked-email.ts';
import { signInCodeEmail } from '../../../shared/email/sign-in-code-email.ts';
import { invitationEmail } from '../../../shared/invitations/invitation-email.ts';
import { contrast } from '../pages/contrast.ts';
import { hostileWords } from '../pages/hostile-words.ts';
import { attributes, elements, textOf } from '../pages/read-html.ts';
import { everyEmail, portalOrigin } from './email-samples.ts';

const names = Object.keys(everyEmail('x')).map((name) => [name] as const);
const squeeze = (text: string): string => text.replace(/\s+/gu, ' ').trim();

describe.each(names)('the %s e-mail', (name) => {
  const email = (words: string) => everyEmail(words)[name] ?? { subject: '', text: '', html: '' };

  it('makes no element, attribute or header out of other people’s words', () => {
    const shape = elements(email('x').html).map(({ tag }) => tag);
    fc.assert(
      fc.property(hostileWords, (words) => {
        // A message of nothing would leave the quotation out.
        const { subject, html } = email(`x${words}`);
        expect(subject).toMatch(/^[^\p{Cc}]{1,200}$/u);
        // A message of several lines adds line breaks, nothing else.
        expect(
          elements(html)
            .map(({ tag }) => tag)
            .filter((tag) => tag !== 'br'),
        ).toEqual(shape.filter((tag) => tag !== 'br'));
        expect(attributes(html, 'href').every((href) => !href.includes('evil'))).toBe(true);
      }),
    );
  });

  it('links to the service and to nothing else, and fetches nothing', () => {
    const { html } = email('see https://evil.example/<a href="https://evil.example">');
    for (const href of attributes(html, 'href')) {
      expect(href).toMatch(/^https:\/\/(drawbridge|s1\.share)\.example\//);
    }
    expect(elements(html).map(({ tag }) => tag)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(img|link|script|iframe|form|table)$/)]),
    );
    expect(html).not.toMatch(/url\(|@import|<[^>]+\ssrc=/i);
  });

  it('says in its text everything that its HTML says', () => {
    const { text, html } = email('Ann & <Bob>');
    const inText = squeeze(text.replace(/^> /gm, ''));
    for (const line of textOf(html, 'body')) {
      if (!['Drawbridge', 'Or open'].includes(line))
        expect(inText).toContain(squeeze(line).replace(/:$/, ''));
    }
  });
});

describe('the invitation', () => {
  const invitation = {
    sharerName: 'Ann Lee',
    organizationName: 'Works',
    systemName: 'Plant 4',
    dashboardTitle: 'Line 4',
    link: 'https://s1.share.example/',
    portalOrigin,
  };

  it('names the sharer, the dashboard, the message, the expiry and the link', () => {
    const { subject, text } = invitationEmail({
      ...invitation,
      message: 'First line\r\n\r\n\r\nLast line\n\n',
      expiresAt: instant(Date.UTC(2026, 10, 1, 7, 2, 59)),
    });
    expect(subject).toBe('Ann Lee shares “Line 4” with you');
    expect(text).toContain(
      'Dashboard: Line 4\nSystem: Plant 4\nOrganization: Works\nOpen until: 1 Nov 2026, 07:02 UTC',
    );
    expect(text).toContain('Ann Lee writes:\n> First line\n> \n> Last line\n\n');
    expect(text).toContain('https://s1.share.example/');
    expect(text).toContain('You sign in with this e-mail address');
  });

  it('without a message or expiry quotes nobody and says how long it lasts', () => {
    const { text } = invitationEmail({ ...invitation, message: ' \n ' });
    expect(text).toContain('Open until: it is withdrawn');
    expect(text).not.toContain('writes:');
  });

  it('does not let a message pass for the words of the service', () => {
    const { text } = invitationEmail({
      ...invitation,
      message: 'Hi\n\nOpen the dashboard:\u2028https://evil.example',
    });
    expect(text.match(/^.*(evil|Open the dashboard).*$/gm)).toEqual([
      '> Open the dashboard:',
      '> https://evil.example',
      'Open the dashboard:',
    ]);
  });

  it('takes out what would turn a sentence around, and cuts what is too long', () => {
    const { subject } = invitationEmail({
      ...invitation,
      sharerName: `\u202eAnn\u2066 \u200bLee${'e'.repeat(500)}`,
    });
    expect(subject).toMatch(/^Ann Le{74}… shares/);
  });

  it.each([
    ['javascript:alert(1)'],
    ['/relative'],
    ['https://user:secret@s1.share.example/'],
    ['data:text/html,x'],
  ])('refuses the link %s', (link) => {
    expect(() => invitationEmail({ ...invitation, link })).toThrow(TypeError);
  });
});

it('a sign-in code stands in the body, not in the subject', () => {
  const { subject, text, html } = signInCodeEmail({ code: '042137', portalOrigin });
  expect(subject).not.toContain('042137');
  expect(text).toContain('042137');
  expect(html).toContain('042137');
  expect(text).toContain('10 minutes');
  expect(text).not.toContain('Asked for from');
  expect(() => signInCodeEmail({ code: '42', portalOrigin })).toThrow(TypeError);
});

it('revoked credentials are told with the reason and the way back', () => {
  const { subject, text } = credentialsRevokedEmail({
    systemName: 'Plant 4',
    gatewayName: 'gw-1',
    reason: 'One of its refresh keys was used twice.',
    link: `${portalOrigin}/systems/1`,
  });
  expect(subject).toBe('A gateway of Plant 4 was shut out');
  expect(text).toContain('Reason: One of its refresh keys was used twice.');
  expect(text).toContain(`${portalOrigin}/systems/1`);
});

it.each(['light', 'dark'] as const)('every text is readable in %s mode', (mode) => {
  const { page, card, text, muted, link, button, buttonText, quote } = emailColours[mode];
  for (const [ink, paper] of [
    [text, card],
    [muted, card],
    [muted, page],
    [link, card],
    [text, quote],
    [buttonText, button],
  ] as const) {
    expect(contrast(ink, paper)).toBeGreaterThanOrEqual(4.5);
  }
});
