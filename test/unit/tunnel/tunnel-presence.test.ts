import type { SystemId } from '../../../shared/identifier.ts';
import { systemClock } from '../../../shared/system-clock.ts';
import { createTunnelPresence } from '../../../shared/tunnel/tunnel-presence.ts';
import { cleanUp, listenerOn, relayWith, senderTo } from './tunnel-setup.ts';

afterEach(cleanUp);

const presenceAt = (endpoint: string) =>
  createTunnelPresence({ sender: senderTo(endpoint), clock: systemClock })('hyco' as SystemId);

it.each([
  ['connected', 'reached'],
  ['system-unreachable', 'unreachable'],
  // A gateway of an older version does not say.
  ['connected', undefined],
])('is %s when the gateway says of its application: %s', async (expected, says) => {
  const relay = await relayWith();
  const asked: string[] = [];
  await listenerOn(relay, async ({ target }) => {
    asked.push(target);
    return { status: 200, headers: says === undefined ? {} : { 'drawbridge-application': says } };
  });
  expect(await presenceAt(relay.endpoint)).toBe(expected);
  expect(asked).toEqual(['/presence/']);
});

it('is no-tunnel when nobody listens', async () => {
  expect(await presenceAt((await relayWith()).endpoint)).toBe('no-tunnel');
});

it('is unknown when the relay cannot be asked', async () => {
  expect(await presenceAt('http://127.0.0.1:1')).toBe('unknown');
});

it('is unknown when no answer comes in time', async () => {
  const relay = await relayWith();
  await listenerOn(relay, () => new Promise(() => {}));
  expect(await presenceAt(relay.endpoint)).toBe('unknown');
});

it('is asked for at most every 5 seconds', async () => {
  const relay = await relayWith();
  let asked = 0;
  await listenerOn(relay, async () => {
    asked++;
    return { status: 200, headers: {} };
  });
  let now = 0;
  const presence = createTunnelPresence({ sender: senderTo(relay.endpoint), clock: { now: () => now } });
  for (const moment of [0, 1000, 4999, 5000, 6000]) {
    now = moment;
    expect(await presence('hyco' as SystemId)).toBe('connected');
  }
  expect(asked).toBe(2);
});
