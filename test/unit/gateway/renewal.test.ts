import fc from 'fast-check';
import { createAccess } from '../../../gateway/access.ts';
import { GatewayError } from '../../../gateway/gateway-error.ts';
import type { NamedAttempt, RefreshOutcome } from '../../../gateway/oauth-client.ts';
import { createRenewalAttempts } from '../../../gateway/renewal-attempts.ts';
import {
  isRenewalDue,
  renewalMoment,
  renewCredentials,
  type RenewalParts,
} from '../../../gateway/renewal.ts';
import type { ConnectedCredentials, Credentials } from '../../../gateway/state/credentials.ts';
import { credentialsFile, type CredentialsStore } from '../../../gateway/state/credentials-store.ts';
import { folderLocks } from '../../../gateway/state/folder-lock.ts';
import { systemTimer } from '../../../gateway/timer.ts';
import { day, hour } from '../../../shared/clock.ts';
import { hashOfAttempt } from '../../../shared/oauth/refresh-attempt.ts';
import { tokensOf } from './service-peer.ts';
import { seededRandom, start, stillTime } from './still-time.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

afterEach(removeFolders);

const connected: ConnectedCredentials = {
  state: 'connected',
  service: 'https://bridge.example',
  systemId: 'sys-1',
  systemName: 'North site',
  organizationName: 'Hill Radio',
  gatewayId: 'gw-1',
  accessToken: 'access-1',
  accessTokenExpiresAt: start + 7 * day,
  refreshToken: 'refresh-1',
  renewedAt: start,
  renewAt: start + day,
};

type Refresh = (refreshToken: string, attempt: NamedAttempt) => Promise<RefreshOutcome>;

/** One process of a gateway: its own file locks and its own nonces over a state folder that others may use too. */
function processOn(folder: string, refresh: Refresh, seed = 1): RenewalParts {
  const random = seededRandom(seed);
  return {
    store: credentialsFile(folder, folderLocks(folder, systemTimer)),
    oauth: { refresh },
    attempts: createRenewalAttempts(random),
    clock: stillTime().clock,
    random,
  };
}

const renewedTo = (serial: number): RefreshOutcome => ({ kind: 'renewed', tokens: tokensOf(serial) });
const always = () => true;

describe('when to renew', () => {
  it('is a day later, give or take two hours, spread over all of that', () => {
    const random = seededRandom();
    const moments = Array.from({ length: 500 }, () => renewalMoment(start, random) - start);
    expect(Math.min(...moments)).toBeGreaterThanOrEqual(22 * hour);
    expect(Math.max(...moments)).toBeLessThanOrEqual(26 * hour);
    for (let quarter = 22; quarter < 26; quarter++) {
      const inside = moments.filter((moment) => moment >= quarter * hour && moment < (quarter + 1) * hour);
      expect(inside.length).toBeGreaterThan(75);
    }
  });

  it.each([
    ['a minute before the moment', day - 60_000, false],
    ['at the moment', day, true],
    ['a month after it', 31 * day, true],
    ['with a clock set back by an hour', -hour, false],
    ['with a clock set back by a year, which would put it off for a year', -365 * day, true],
  ])('%s: %#', (_, later, due) => {
    expect(isRenewalDue(connected, start + later)).toBe(due);
  });
});

describe('a renewal', () => {
  it('replaces the credentials as a whole and plans the next one', async () => {
    const parts = processOn(await temporaryFolder(), async () => renewedTo(2));
    await parts.store.write(connected);
    const after = await renewCredentials(parts, always);
    expect(after).toEqual(await parts.store.read());
    expect(after).toMatchObject({
      state: 'connected',
      accessToken: 'access-2',
      refreshToken: 'refresh-2',
      renewedAt: start,
    });
    expect(after?.state === 'connected' && isRenewalDue(after, start + 21 * hour)).toBe(false);
  });

  it('keeps what the answer leaves out (RFC 6749 section 6)', async () => {
    const tokens = { access_token: 'access-2', token_type: 'Bearer', expires_in: 60 };
    const parts = processOn(await temporaryFolder(), async () => ({ kind: 'renewed', tokens }));
    await parts.store.write(connected);
    expect(await renewCredentials(parts, always)).toMatchObject({
      accessToken: 'access-2',
      refreshToken: 'refresh-1',
      systemName: 'North site',
      accessTokenExpiresAt: start + 60_000,
    });
  });

  it('does not happen without credentials that could be renewed', async () => {
    const refresh = jest.fn<Promise<RefreshOutcome>, Parameters<Refresh>>();
    const parts = processOn(await temporaryFolder(), refresh);
    expect(await renewCredentials(parts, always)).toBeUndefined();
    const {
      accessToken: _a,
      accessTokenExpiresAt: _b,
      refreshToken: _c,
      renewedAt: _d,
      renewAt: _e,
      ...who
    } = connected;
    await parts.store.write({ ...who, state: 'revoked', reason: 'reused', since: start });
    expect((await renewCredentials(parts, always))?.state).toBe('revoked');
    expect(refresh).not.toHaveBeenCalled();
  });

  it.each<[string, Credentials['state']]>([
    ['expired', 'expired'],
    ['reused', 'revoked'],
    ['revoked', 'revoked'],
    ['system_deleted', 'deleted'],
    ['gateway_removed', 'deleted'],
  ])(
    'refused as %s ends as %s, keeps who it was, and the dead key only to prove that',
    async (reason, state) => {
      const refused = { kind: 'refused', reason } as RefreshOutcome;
      const parts = processOn(await temporaryFolder(), async () => refused);
      await parts.store.write(connected);
      const after = await renewCredentials(parts, always);
      expect(after).toEqual({
        state,
        reason,
        service: 'https://bridge.example',
        systemId: 'sys-1',
        systemName: 'North site',
        organizationName: 'Hill Radio',
        gatewayId: 'gw-1',
        since: start,
        ...(state !== 'deleted' && { refreshToken: 'refresh-1' }),
      });
      expect(await parts.store.read()).toEqual(after);
    },
  );

  it('refused while disconnecting is the end of it: the service knows already', async () => {
    const parts = processOn(await temporaryFolder(), async () => ({
      kind: 'refused',
      reason: 'system_deleted',
    }));
    await parts.store.write({ ...connected, state: 'disconnecting', since: start });
    expect(await renewCredentials(parts, always)).toBeUndefined();
    expect(await parts.store.read()).toBeUndefined();
  });

  it('that brings no usable answer changes no key', async () => {
    const parts = processOn(await temporaryFolder(), async () => {
      throw new GatewayError('unreachable', 'no');
    });
    await parts.store.write(connected);
    await expect(renewCredentials(parts, always)).rejects.toThrow('no');
    expect(await parts.store.read()).toMatchObject({ state: 'connected', refreshToken: 'refresh-1' });
  });

  it('is tried once more under a new name when the service took it for an old one', async () => {
    const nonces: string[] = [];
    const parts = processOn(await temporaryFolder(), async (_, { nonce }) => {
      nonces.push(nonce);
      return nonces.length === 1 ? { kind: 'superseded' } : renewedTo(2);
    });
    await parts.store.write(connected);
    expect(await renewCredentials(parts, always)).toMatchObject({ refreshToken: 'refresh-2' });
    expect(new Set(nonces).size).toBe(2);
  });

  it('leaves it at that when it is taken for an old one again', async () => {
    const parts = processOn(await temporaryFolder(), async () => ({ kind: 'superseded' }));
    await parts.store.write(connected);
    await expect(renewCredentials(parts, always)).rejects.toMatchObject({ code: 'unreachable' });
    expect(await parts.store.read()).toMatchObject({ state: 'connected', refreshToken: 'refresh-1' });
  });
});

describe('two processes over one state folder', () => {
  it('renew once between them: the second finds it done', async () => {
    const folder = await temporaryFolder();
    let asked = 0;
    const refresh: Refresh = async () => {
      asked++;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return renewedTo(2);
    };
    const [one, other] = [processOn(folder, refresh, 1), processOn(folder, refresh, 2)];
    await one.store.write(connected);
    const still = (credentials: { accessToken: string }) => credentials.accessToken === 'access-1';
    const both = await Promise.all([renewCredentials(one, still), renewCredentials(other, still)]);
    expect(asked).toBe(1);
    expect(both).toEqual([await one.store.read(), await one.store.read()]);
  });

  it('name an attempt anew once the other has tried, so that each attempt tells of all before it', async () => {
    const folder = await temporaryFolder();
    const sent: NamedAttempt[] = [];
    const refresh: Refresh = async (_, attempt) => {
      sent.push(attempt);
      throw new GatewayError('unreachable', 'lost');
    };
    const [one, other] = [processOn(folder, refresh, 1), processOn(folder, refresh, 2)];
    await one.store.write(connected);
    for (const next of [one, one, other, one, one]) {
      await expect(renewCredentials(next, always)).rejects.toThrow('lost');
    }
    const [first, again, others, anew, anewAgain] = sent;
    expect(again).toEqual(first);
    expect(anewAgain).toEqual(anew);
    const hashes = [others, first].map((attempt) => hashOfAttempt(attempt?.nonce ?? ''));
    expect(anew?.nonce).not.toBe(first?.nonce);
    expect(anew?.earlier).toEqual(hashes);
  });

  it('on a disk without locks, a refusal does not undo what the other one just renewed', async () => {
    const folder = await temporaryFolder();
    const one = processOn(folder, async () => {
      await one.store.write({ ...connected, accessToken: 'access-2', refreshToken: 'refresh-2' });
      return { kind: 'refused', reason: 'reused' };
    });
    await one.store.write(connected);
    expect(await renewCredentials(one, always)).toMatchObject({
      state: 'connected',
      refreshToken: 'refresh-2',
    });
  });
});

/** DESIGN.md section 4 from outside: single-use keys, and the last renewal repeated until its result was used. */
function refreshKeyService() {
  let generation = 1;
  let proven = true;
  const numberOf = (token: string) => Number(token.split('-')[1]);
  return {
    refresh(token: string): RefreshOutcome {
      const number = numberOf(token);
      if (number === generation) {
        generation++;
        proven = false;
      } else if (number !== generation - 1 || proven) return { kind: 'refused', reason: 'reused' };
      return renewedTo(generation);
    },
    use(accessToken: string): void {
      if (numberOf(accessToken) === generation) proven = true;
    },
  };
}

class Crash extends Error {}

it('no fault of the network and no crash at any write locks a gateway out', async () => {
  const fault = fc.constantFrom(
    'none',
    'request lost',
    'reply lost',
    'crash before write',
    'crash after write',
  );
  const step = fc.record({
    fault,
    /** Which write of the renewal the crash strikes. */
    write: fc.integer({ min: 1, max: 2 }),
    uses: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const folder = await temporaryFolder();
      const service = refreshKeyService();
      await processOn(folder, async () => renewedTo(0)).store.write(connected);
      let seed = 1;
      for (const { fault: now, write, uses } of [...steps, { fault: 'none', write: 1, uses: true }]) {
        // A crash ends the process: the next step is another one, with nonces of its own.
        const parts = processOn(
          folder,
          async (token) => {
            if (now === 'request lost') throw new GatewayError('unreachable', 'lost');
            const outcome = service.refresh(token);
            if (now === 'reply lost') throw new GatewayError('unreachable', 'lost');
            return outcome;
          },
          seed++,
        );
        const failing = now.startsWith('crash')
          ? crashing(parts.store, write, now === 'crash after write')
          : parts.store;
        await renewCredentials({ ...parts, store: failing }, always).catch((error: unknown) => {
          if (!(error instanceof Crash || error instanceof GatewayError)) throw error;
        });
        const left = await parts.store.read();
        expect(left?.state).toBe('connected');
        if (uses && left?.state === 'connected') service.use(left.accessToken);
      }
    }),
    { numRuns: 25 },
  );
});

/** A store that crashes at one of its writes. */
function crashing(store: CredentialsStore, at: number, after: boolean): CredentialsStore {
  let writes = 0;
  return {
    ...store,
    async write(credentials) {
      const strikes = ++writes === at;
      if (strikes && !after) throw new Crash();
      await store.write(credentials);
      if (strikes) throw new Crash();
    },
  };
}

describe('access to the service', () => {
  const service = 'https://bridge.example';

  it('gives the token on disk, also one that another process put there', async () => {
    const parts = processOn(await temporaryFolder(), async () => renewedTo(2));
    const access = createAccess(service, parts);
    await parts.store.write(connected);
    expect(await access.token()).toBe('access-1');
    await parts.store.write({ ...connected, accessToken: 'access-9' });
    expect(await access.token()).toBe('access-9');
  });

  it('renews after a rejection, unless the rejected token was replaced meanwhile', async () => {
    let asked = 0;
    const parts = processOn(await temporaryFolder(), async () => {
      asked++;
      return renewedTo(2);
    });
    const access = createAccess(service, parts);
    await parts.store.write(connected);
    expect(await access.tokenAfterRejection('access-1')).toBe('access-2');
    expect(await access.tokenAfterRejection('access-1')).toBe('access-2');
    expect(asked).toBe(1);
  });

  it.each<[RefreshOutcome, RegExp]>([
    [{ kind: 'refused', reason: 'expired' }, /expired.*renew it in the portal/],
    [{ kind: 'refused', reason: 'reused' }, /used twice.*snapshot/],
    [{ kind: 'refused', reason: 'revoked' }, /revoked.*approve it again in the portal/],
    [{ kind: 'refused', reason: 'system_deleted' }, /no longer exists.*Run `connect`/],
    [
      { kind: 'refused', reason: 'system_deleted', words: 'The system was disconnected by olga.' },
      /no longer exists.*disconnected by olga/,
    ],
    [{ kind: 'refused', reason: 'gateway_removed' }, /goes on without it.*Run `connect`/],
  ])('says what to do after %j', async (outcome, words) => {
    const parts = processOn(await temporaryFolder(), async () => outcome);
    const access = createAccess(service, parts);
    await parts.store.write(connected);
    await expect(access.tokenAfterRejection('access-1')).rejects.toMatchObject({
      code: 'not-connected',
      message: expect.stringMatching(words) as string,
    });
    await expect(access.token()).rejects.toMatchObject({ code: 'not-connected' });
  });

  it('sends the tokens of one service to no other', async () => {
    const refresh = jest.fn<Promise<RefreshOutcome>, Parameters<Refresh>>();
    const parts = processOn(await temporaryFolder(), refresh);
    await parts.store.write(connected);
    const access = createAccess('https://other.example', parts);
    await expect(access.token()).rejects.toMatchObject({
      code: 'not-connected',
      message: expect.stringContaining('https://bridge.example') as string,
    });
    await expect(access.tokenAfterRejection('access-1')).rejects.toMatchObject({ code: 'not-connected' });
    expect(refresh).not.toHaveBeenCalled();
  });
});
