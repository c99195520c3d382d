import fc from 'fast-check';
import { proxyRules } from '../../../gateway/proxy-rules.ts';

const proxy = 'http://proxy.example:3128';
const via = (address: string, noProxy: string, set = proxy) =>
  proxyRules({ HTTPS_PROXY: set, NO_PROXY: noProxy }).proxyFor(new URL(address))?.host;

it.each<[string, string, boolean]>([
  // Address, NO_PROXY, goes through the proxy.
  ['https://bridge.example', '', true],
  ['wss://relay.example', '', true],
  ['https://bridge.example', 'bridge.example', false],
  ['https://BRIDGE.example', ' other.example , Bridge.Example ', false],
  ['https://a.bridge.example', 'bridge.example', false],
  ['https://a.bridge.example', '.bridge.example', false],
  ['https://bridge.example', '.bridge.example', false],
  ['https://a.bridge.example', '*.bridge.example', false],
  ['https://notbridge.example', 'bridge.example', true],
  ['https://bridge.example.evil', 'bridge.example', true],
  ['https://bridge.example', '*', false],
  ['https://bridge.example', 'bridge.example:443', false],
  ['https://bridge.example:8443', 'bridge.example:443', true],
  ['wss://bridge.example:8443', 'bridge.example:8443', false],
  ['https://10.1.2.3', '10.0.0.0/8', false],
  ['https://11.1.2.3', '10.0.0.0/8', true],
  ['https://10.1.2.3', '10.1.2.3', false],
  ['https://[fd00::1]', 'fd00::/8', false],
  ['https://[fd00::1]', '[fd00::1]', false],
  ['https://[fe00::1]', 'fd00::/8', true],
  ['https://bridge.example', '10.0.0.0/999x', true],
  ['https://bridge.example', ',,', true],
  // This machine never: there it would be the proxy's.
  ['https://localhost:7071', '', false],
  ['https://x.localhost', '', false],
  ['https://127.0.0.1', '', false],
  ['https://[::1]', '', false],
])('%s with NO_PROXY=%j: through the proxy is %s', (address, noProxy, through) => {
  expect(via(address, noProxy)).toBe(through ? 'proxy.example:3128' : undefined);
});

it('whatever NO_PROXY holds, it is read, and one that does not name the host changes nothing', () => {
  const entry = fc.string({ maxLength: 40 }).filter((text) => !/[*,]|example/.test(text));
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 6 }), (entries) => {
      expect(via('https://bridge.example', entries.join(','))).toBe('proxy.example:3128');
    }),
  );
});

it('small letters win, as with curl', () => {
  const rules = proxyRules({ HTTPS_PROXY: 'http://big.example', https_proxy: 'http://small.example' });
  expect(rules.proxyFor(new URL('https://a.example'))?.host).toBe('small.example');
});

it('HTTP_PROXY concerns nothing that leaves this machine', () => {
  const env = { HTTP_PROXY: proxy, http_proxy: proxy };
  expect(proxyRules(env).proxyFor(new URL('https://a.example'))).toBeUndefined();
});

it('the configuration stands above the environment, exceptions included', () => {
  const env = { HTTPS_PROXY: 'http://other.example', NO_PROXY: 'a.example' };
  const rules = proxyRules(env, { url: proxy, except: ['b.example'] });
  expect(rules.proxyFor(new URL('https://a.example'))?.host).toBe('proxy.example:3128');
  expect(rules.proxyFor(new URL('https://b.example'))).toBeUndefined();
});

it('a proxy without a scheme is one that is spoken to by http', () => {
  expect(via('https://a.example', '', 'proxy.example:3128')).toBe('proxy.example:3128');
});

it.each(['socks5://proxy.example', 'http://', 'user:secret@:x'])(
  'a proxy that is none (%s) is refused, and its text is not repeated',
  (set) => {
    expect(() => via('https://a.example', '', set)).toThrow(
      expect.objectContaining({
        code: 'config',
        message: expect.not.stringContaining('secret') as string,
      }) as Error,
    );
  },
);
