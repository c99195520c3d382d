import { setImmediate } from 'node:timers/promises';
import { hour, instant, minute, second } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { cachedSecrets } from '../../../shared/secrets/cached-secrets.ts';
import { SecretsUnavailable, type Secret, type SecretStore } from '../../../shared/secrets/secret-store.ts';

/** A secret store as remote ones are: counted, and out at times. */
function remote() {
  const secret = (version: string): Secret => ({
    version,
    value: Buffer.alloc(32, version),
    createdAt: instant(0),
  });
  const state = { versions: [secret('one')], out: false, looks: 0 };
  const look = () => {
    state.looks++;
    if (state.out) throw new SecretsUnavailable('out');
    return [...state.versions];
  };
  const store: SecretStore = {
    current: async () => look()[0] ?? secret('none'),
    version: async (_, version) => look().find((each) => each.version === version),
    versions: async () => look(),
  };
  return { state, store, rotate: (version: string) => state.versions.unshift(secret(version)) };
}

function subject() {
  let now = 1_000_000;
  const warnings: string[] = [];
  const { state, store, rotate } = remote();
  const log = { ...silentLog, warn: (event: string) => void warnings.push(event) };
  const secrets = cachedSecrets({ secrets: store, clock: { now: () => now }, log });
  return { secrets, state, rotate, warnings, pass: (milliseconds: number) => (now += milliseconds) };
}

it('asks the store once for many callers, then answers from memory', async () => {
  const { secrets, state } = subject();
  await Promise.all(Array.from({ length: 20 }, () => secrets.current('token-signing')));
  const looks = state.looks;
  for (let n = 0; n < 20; n++) await secrets.version('token-signing', 'one');
  expect(state.looks).toBe(looks);
  expect(looks).toBeLessThanOrEqual(2);
});

it('refreshes behind the back of the caller', async () => {
  const { secrets, rotate, pass } = subject();
  await secrets.current('token-signing');
  rotate('two');
  pass(31 * second);
  expect((await secrets.current('token-signing')).version).toBe('one');
  await setImmediate();
  expect((await secrets.current('token-signing')).version).toBe('two');
  expect((await secrets.versions('token-signing')).map(({ version }) => version)).toEqual(['two', 'one']);
});

it('serves on for as long as the store is out, says so once, and recovers', async () => {
  const { secrets, state, rotate, warnings, pass } = subject();
  await secrets.current('token-signing');
  state.out = true;
  for (let n = 0; n < 50; n++) {
    pass(hour);
    expect((await secrets.current('token-signing')).version).toBe('one');
    expect(await secrets.version('token-signing', 'one')).toBeDefined();
    await setImmediate();
  }
  expect(warnings).toEqual(['secret store out']);
  state.out = false;
  rotate('two');
  pass(minute);
  await secrets.current('token-signing');
  await setImmediate();
  expect((await secrets.current('token-signing')).version).toBe('two');
});

it('fails while the store is out and nothing is known, and works once it is back', async () => {
  const { secrets, state, pass } = subject();
  state.out = true;
  for (let n = 0; n < 100; n++)
    await expect(secrets.current('token-signing')).rejects.toThrow(SecretsUnavailable);
  expect(state.looks).toBe(1);
  state.out = false;
  pass(second);
  expect((await secrets.current('token-signing')).version).toBe('one');
});

it('finds a version that another host made a moment ago', async () => {
  const { secrets, rotate, pass } = subject();
  await secrets.current('token-signing');
  rotate('two');
  pass(11 * second);
  expect((await secrets.version('token-signing', 'two'))?.version).toBe('two');
});

it('lets invented versions cost the store one look in five seconds', async () => {
  const { secrets, state, pass } = subject();
  await secrets.current('token-signing');
  const before = state.looks;
  for (let n = 0; n < 1000; n++) {
    expect(await secrets.version('token-signing', `no-${n}`)).toBeUndefined();
    pass(10);
  }
  expect(state.looks - before).toBeLessThanOrEqual(2);
});

it('looks first when it slept for more than a minute, and when the freshest is asked for', async () => {
  const { secrets, rotate, pass } = subject();
  await secrets.current('token-signing');
  rotate('two');
  pass(minute);
  expect(await secrets.version('token-signing', 'one')).toBeDefined();
  expect((await secrets.current('token-signing')).version).toBe('two');
  rotate('three');
  pass(second);
  expect((await secrets.current('token-signing')).version).toBe('two');
  expect((await secrets.current('token-signing', 'fresh')).version).toBe('three');
});

it('asks a store that is out ever more rarely, but once a minute', async () => {
  const { secrets, state, pass } = subject();
  await secrets.current('token-signing');
  state.out = true;
  const before = state.looks;
  for (let n = 0; n < 3600; n++) {
    pass(second);
    expect((await secrets.current('token-signing', 'fresh')).version).toBe('one');
    await setImmediate();
  }
  expect(state.looks - before).toBeGreaterThan(59);
  expect(state.looks - before).toBeLessThan(70);
});

it('calls a version unknown only when somebody could look', async () => {
  const { secrets, state, pass } = subject();
  await secrets.current('token-signing');
  state.out = true;
  pass(11 * second);
  await expect(secrets.version('token-signing', 'two')).rejects.toThrow(SecretsUnavailable);
  await expect(secrets.version('token-signing', 'two')).rejects.toThrow(SecretsUnavailable);
});
