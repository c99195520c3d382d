import { foreignTo, wantsServiceWorker } from '../../../shared/tunnel/foreign-request.ts';

const origin = 'https://a.share.example';
const from = (site: string, mode: string, dest: string) => ({
  'sec-fetch-site': site,
  'sec-fetch-mode': mode,
  'sec-fetch-dest': dest,
});

/** W3C Fetch Metadata Request Headers; all shares are one site, so a browser sends the cookies of one with these. */
describe('a request on the origin of a share', () => {
  it.each<[string, Record<string, string>]>([
    ['a script of the dashboard', from('same-origin', 'cors', 'empty')],
    ['a picture of the dashboard', from('same-origin', 'no-cors', 'image')],
    ['a frame of the dashboard', from('same-origin', 'navigate', 'iframe')],
    ['an address that was typed', from('none', 'navigate', 'document')],
    ['a link in a web mailer', from('cross-site', 'navigate', 'document')],
    ['the way through the portal', from('same-site', 'navigate', 'document')],
    ['a program', {}],
    ['an old browser, of itself', { origin }],
  ])('may come from %s', (_, headers) => {
    expect(foreignTo(origin, headers)).toBeUndefined();
  });

  it.each<[string, Record<string, string>]>([
    ['a script tag of another share', from('same-site', 'no-cors', 'script')],
    ['a picture on another share', from('same-site', 'no-cors', 'image')],
    ['a style sheet of another share', from('same-site', 'no-cors', 'style')],
    ['a fetch by another share', from('same-site', 'cors', 'empty')],
    ['a frame in another share', from('same-site', 'navigate', 'iframe')],
    ['an object in another share', from('same-site', 'navigate', 'object')],
    ['a fetch by any site', from('cross-site', 'no-cors', 'empty')],
    ['a form of an old browser elsewhere', { origin: 'https://b.share.example' }],
    ['a sandboxed page of an old browser', { origin: 'null' }],
    ['the same name without TLS', { origin: 'http://a.share.example' }],
    ['a name that begins like it', { origin: 'https://a.share.example.evil.example' }],
  ])('may not come from %s (ASVS 4.2.2, 14.5.3)', (_, headers) => {
    expect(foreignTo(origin, headers)).toBe('a page of another origin sent it');
  });

  it('may not be a form that a page elsewhere posts', () => {
    expect(foreignTo(origin, from('same-site', 'navigate', 'document'), 'POST')).toBeDefined();
    expect(foreignTo(origin, from('same-origin', 'navigate', 'document'), 'POST')).toBeUndefined();
  });

  it('is known as one for a service worker', () => {
    expect(wantsServiceWorker({ 'service-worker': 'script' })).toBe(true);
    expect(wantsServiceWorker(from('same-origin', 'same-origin', 'serviceworker'))).toBe(true);
    expect(wantsServiceWorker(from('same-origin', 'no-cors', 'script'))).toBe(false);
  });
});
