import {
  isRendezvousOf,
  listenAddress,
  relayParameter,
  targetBelow,
  withoutRelayParameters,
} from '../../../shared/tunnel/hybrid-connection-address.ts';
import { endToEndFields, joinRawHeaders, withVia } from '../../../shared/tunnel/hybrid-connection-headers.ts';
import { parseTarget } from '../../../local/relay/sender-target.ts';

it('a listener names its hybrid connection and no token in its address', () => {
  expect(listenAddress('wss://ns.servicebus.windows.net', 'sys-1')).toBe(
    'wss://ns.servicebus.windows.net/$hc/sys-1?sb-hc-action=listen',
  );
});

// The left column of Azure's own tests for its relay, and what its service makes of it.
it.each([
  ['a=1&a=2', 'a=1&a=2'],
  ['a=1&a=2&', 'a=1&a=2&'],
  ['&&&', '&&&'],
  ['&foo=bar', '&foo=bar'],
  ['sb-hc-id=1', ''],
  ['sb-hc-id=1&custom=value', 'custom=value'],
  ['custom=value&sb-hc-id=1', 'custom=value'],
  ['sb-hc-undefined', 'sb-hc-undefined'],
  ['sb-hc-whatever=&foo=bar', 'foo=bar'],
  ['SB-HC-Token=x', ''],
  ['sb%2Dhc-token=x', ''],
  ['custom&value', 'custom&value'],
  ['%2f%3a%3d%26', '%2f%3a%3d%26'],
  ['bad=%zz', 'bad=%zz'],
])('the query %s goes on as %s', (query, expected) => {
  expect(withoutRelayParameters(query)).toBe(expected);
});

it('a parameter of the relay is found in any case and decoded', () => {
  expect(relayParameter('a=1&SB-HC-token=Shared%20x%3D&b', 'sb-hc-token')).toBe('Shared x=');
  expect(relayParameter('a=1', 'sb-hc-token')).toBeUndefined();
});

it.each([
  ['/hyco/a/b?c=d', '/a/b?c=d'],
  ['/hyco', '/'],
  ['/hyco/', '/'],
  ['/hyco?x=1', '/?x=1'],
  ['/HYCO/a', '/a'],
  ['/hyco/hyco/a', '/hyco/a'],
  ['/hyco2/a', '/hyco2/a'],
  ['/a', '/a'],
])('the target %s is %s below hyco', (target, expected) => {
  expect(targetBelow('hyco', target)).toBe(expected);
});

it.each([
  [
    '/hyco/a%2Fb/../c?x=1&sb-hc-token=t',
    '/',
    { name: 'hyco', suffix: '/a%2Fb/../c', requestTarget: '/hyco/a%2Fb/../c?x=1' },
  ],
  ['/hyco?sb-hc-token=t', '/', { name: 'hyco', suffix: '', requestTarget: '/hyco' }],
  ['/hyco?', '/', { name: 'hyco', suffix: '', requestTarget: '/hyco?' }],
  ['/$hc/hyco/x?sb-hc-action=connect', '/$hc/', { name: 'hyco', suffix: '/x', requestTarget: '/$hc/hyco/x' }],
] as const)('%s is understood', (url, prefix, expected) => {
  expect(parseTarget(url, prefix)).toMatchObject(expected);
});

it.each([
  ['/', '/'],
  ['/?x', '/'],
  ['/..', '/'],
  ['/a%20b', '/'],
  ['http://host/hyco', '/'],
  [`/${'a'.repeat(300)}`, '/'],
  ['/hyco', '/$hc/'],
  ['/$hc/', '/$hc/'],
] as const)('%s names no hybrid connection', (url, prefix) => {
  expect(parseTarget(url, prefix)).toBeUndefined();
});

const azure = 'wss://ns.servicebus.windows.net';
it.each([
  [azure, 'wss://ns.servicebus.windows.net:443/$hc/a?b', true],
  [azure, 'wss://g12-prod-by3-010-sb.servicebus.windows.net/$hc/a', true],
  [azure, 'ws://ns.servicebus.windows.net/$hc/a', false],
  [azure, 'wss://ns.servicebus.windows.net:8443/$hc/a', false],
  [azure, 'wss://evil.example/$hc/a', false],
  [azure, 'wss://servicebus.windows.net.evil.example/$hc/a', false],
  [azure, 'wss://user:pw@ns.servicebus.windows.net/$hc/a', false],
  [azure, 'https://ns.servicebus.windows.net/', false],
  [azure, 'not a url', false],
  ['ws://127.0.0.1:7072', 'ws://127.0.0.1:7072/$hc/a', true],
  ['ws://127.0.0.1:7072', 'ws://10.0.0.1:7072/$hc/a', false],
  ['ws://127.0.0.1:7072', 'ws://5.0.0.1:7072/$hc/a', false],
  ['ws://relay.com', 'ws://evil.com/$hc/a', false],
])('a listener on %s goes to %s: %s', (endpoint, address, expected) => {
  expect(isRendezvousOf(endpoint, address)).toBe(expected);
});

it('header fields of one connection stay behind, and those that Connection names', () => {
  const given = {
    Connection: 'keep-alive, X-Hop',
    'x-hop': '1',
    'Content-Length': '5',
    'Transfer-Encoding': 'chunked',
    Host: 'h',
    TE: 'trailers',
    Upgrade: 'h2c',
    Via: '1.0 a',
    Accept: '*/*',
  };
  expect(endToEndFields(given)).toEqual({ Via: '1.0 a', Accept: '*/*' });
});

it('repeated fields are joined, cookies in their own way, and the first spelling stays', () => {
  expect(
    joinRawHeaders(['Accept', 'a', 'accept', 'b', 'Cookie', 'x=1', 'Cookie', 'y=2', '__proto__', 'z']),
  ).toEqual({
    Accept: 'a, b',
    Cookie: 'x=1; y=2',
  });
});

it('Via grows by one hop', () => {
  expect(withVia({}, 'relay')).toEqual({ Via: '1.1 relay' });
  expect(withVia({ via: '1.0 before' }, 'relay')).toEqual({ via: '1.0 before, 1.1 relay' });
});
