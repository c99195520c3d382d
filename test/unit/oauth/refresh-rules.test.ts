import fc from 'fast-check';
import { instant } from '../../../shared/clock.ts';
import type { GatewayId } from '../../../shared/identifier.ts';
import { formatRefreshKey, readRefreshKey } from '../../../shared/oauth/refresh-key.ts';
import type { GenuineRefreshKey } from '../../../shared/oauth/refresh-key.ts';
import { hashOfAttempt, readRenewalAttempt, withAttempt } from '../../../shared/oauth/refresh-attempt.ts';
import {
  afterArrival,
  afterDoubt,
  afterRenewal,
  judgeArrival,
  judgeRenewal,
  nextLine,
  refreshKeyLifetime,
  type RenewalState,
} from '../../../shared/oauth/refresh-rules.ts';

const gatewayId = 'gw-23456789abcdefghjkmnpqrstu' as GatewayId;
const key = (generation: number, name: string, issuedAt = 0): GenuineRefreshKey => ({
  gatewayId,
  generation,
  issuedAt,
  nonce: name,
  hash: `hash ${name}`,
});
const record = (fields: Partial<RenewalState>): RenewalState => ({
  state: 'active',
  generation: 5,
  ...fields,
});
const token = (generation: number, keyHash: string, issuedAt = 0, attemptHash?: string) => ({
  generation,
  keyHash,
  issuedAt,
  attemptHash,
});
const attempt = (hash: string, ...earlier: string[]) => ({ hash, earlier });

describe('the rules of single-use renewal (DESIGN.md section 4)', () => {
  const hash = (name: string) => `hash ${name}`;
  it.each([
    [
      'rule 2: the current key gets the next one',
      record({}),
      key(5, 'a'),
      { kind: 'issue', generation: 6, why: 'current' },
    ],
    [
      'rule 2: also once it is known to have arrived',
      record({ arrivedKeyHash: hash('a') }),
      key(5, 'a'),
      { kind: 'issue', generation: 6, why: 'current' },
    ],
    [
      'rule 3: the previous key repeats while no reply is known to have arrived',
      record({ previousKeyHash: hash('a') }),
      key(4, 'a'),
      { kind: 'issue', generation: 5, why: 'repeat' },
    ],
    [
      'rule 4: the previous key after that is theft',
      record({ previousKeyHash: hash('a'), arrivedKeyHash: hash('b') }),
      key(4, 'a'),
      { kind: 'theft', generation: 4 },
    ],
    ['rule 4: an older key is theft', record({}), key(3, 'a'), { kind: 'theft', generation: 3 }],
    [
      'rule 4: a sibling of the key that arrived is theft',
      record({ arrivedKeyHash: hash('b') }),
      key(5, 'a'),
      { kind: 'theft', generation: 5 },
    ],
    [
      'rule 4: a sibling of the key that was renewed is theft',
      record({ previousKeyHash: hash('b') }),
      key(4, 'a'),
      { kind: 'theft', generation: 4 },
    ],
    [
      'rule 5: a key ahead of a restored record is accepted and the record catches up',
      record({ arrivedKeyHash: hash('x') }),
      key(9, 'a'),
      { kind: 'issue', generation: 10, why: 'catch-up' },
    ],
    [
      'a revoked gateway is told so',
      record({ state: 'revoked' }),
      key(5, 'a'),
      { kind: 'refused', failure: 'revoked' },
    ],
    [
      'a disconnected one is told that its system is gone',
      record({ state: 'disconnected' }),
      key(5, 'a'),
      { kind: 'refused', failure: 'system_deleted' },
    ],
    [
      'one that was removed alone is told so',
      record({ state: 'removed' }),
      key(5, 'a'),
      { kind: 'refused', failure: 'gateway_removed' },
    ],
  ])('%s', (_, state, presented, verdict) => {
    expect(judgeRenewal(state, presented, 0)).toEqual(verdict);
  });

  it('knows no earlier line: its keys and tokens are dead, and no theft, whatever the record knows of them', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 0, max: 5000 }),
        fc.boolean(),
        fc.option(fc.string(), { nil: undefined }),
        (old, ahead, arrived, nonce) => {
          const line = nextLine(old);
          const state = record({
            generation: line + ahead,
            ...(arrived && { arrivedKeyHash: hash('a'), previousKeyHash: hash('b') }),
          });
          const made = nonce === undefined ? undefined : attempt(nonce);
          expect(judgeRenewal(state, key(old, 'a'), 0, made)).toEqual({
            kind: 'refused',
            failure: 'revoked',
          });
          expect(judgeArrival(state, token(old, hash('a')))).toBe('dead');
          // A record that was restored to before the approval catches up with the new line.
          expect(judgeRenewal(record({ generation: old }), key(line + 1, 'n'), 0).kind).toBe('issue');
        },
      ),
    );
  });

  it('accepts a key on its 30th day and refuses it after', () => {
    const last = refreshKeyLifetime * 1000 - 1;
    expect(judgeRenewal(record({}), key(5, 'a'), last).kind).toBe('issue');
    expect(judgeRenewal(record({}), key(5, 'a'), last + 1)).toEqual({ kind: 'refused', failure: 'expired' });
  });

  it('finds theft with an expired key too', () => {
    expect(judgeRenewal(record({}), key(2, 'a'), 2 * refreshKeyLifetime * 1000).kind).toBe('theft');
  });

  it('learns from an access token that the reply with it arrived', () => {
    expect(judgeArrival(record({}), token(5, 'a'))).toBe('arrived');
    expect(judgeArrival(record({ arrivedKeyHash: 'a' }), token(5, 'a'))).toBe('known');
    expect(judgeArrival(record({ arrivedKeyHash: 'b' }), token(5, 'a'))).toBe('theft');
    expect(judgeArrival(record({ arrivedKeyHash: 'b' }), token(4, 'a'))).toBe('known');
    expect(judgeArrival(record({}), token(7, 'a'))).toBe('arrived');
  });

  it('learns from an access token that a sibling of its key was renewed, also some renewals ago', () => {
    let state = record({ generation: 1 });
    for (const generation of [1, 2, 3]) state = afterRenewal(state, key(generation, 'held'), generation + 1);
    for (const generation of [1, 2, 3]) {
      expect(judgeArrival(state, token(generation, 'hash held'))).toBe('known');
      expect(judgeArrival(state, token(generation, 'hash other'))).toBe('theft');
    }
    for (let generation = 4; generation < 40; generation++) {
      state = afterRenewal(state, key(generation, 'held'), generation + 1);
    }
    expect(state.olderKeyHashes).toHaveLength(15);
    expect(judgeArrival(state, token(24, 'hash other'))).toBe('theft');
    expect(judgeArrival(state, token(23, 'hash other'))).toBe('known');
  });

  it('knows no keys of before a restore, and takes none for another', () => {
    const renewed = afterRenewal(record({ generation: 2, previousKeyHash: 'p' }), key(9, 'held'), 10);
    expect(judgeArrival(renewed, token(9, 'hash other'))).toBe('theft');
    expect(judgeArrival(renewed, token(8, 'hash other'))).toBe('known');
    const arrived = afterArrival(renewed, token(20, 'held'), 0);
    expect(judgeArrival(arrived, token(19, 'hash other'))).toBe('known');
  });

  it('keeps what it knows of older keys when a renewal is repeated', () => {
    const once = afterRenewal(record({ previousKeyHash: 'hash 4' }), key(5, 'held'), 6);
    expect(afterRenewal(once, key(5, 'held'), 6)).toEqual(once);
    expect(once.olderKeyHashes).toEqual(['hash 4']);
  });

  it('never locks out a lone gateway whose replies get lost, and always finds a second holder', () => {
    // A lone holder keeps the key it last received; `true` loses the reply, `used` uses the token before renewing.
    fc.assert(
      fc.property(
        fc.array(fc.record({ lost: fc.boolean(), used: fc.boolean() }), { maxLength: 60 }),
        (steps) => {
          let state = record({ generation: 1 });
          let held = key(1, 'first');
          let count = 0;
          for (const { lost, used } of steps) {
            const verdict = judgeRenewal(state, held, 0);
            expect(verdict.kind).toBe('issue');
            if (verdict.kind !== 'issue') return;
            state = afterRenewal(state, held, verdict.generation);
            const stolen = held;
            if (lost) continue;
            held = key(verdict.generation, `key ${count++}`);
            if (used) {
              expect(judgeArrival(state, token(held.generation, held.hash))).toBe('arrived');
              state = afterArrival(state, token(held.generation, held.hash), 0);
              expect(judgeRenewal(state, stolen, 0).kind).toBe('theft');
            }
          }
        },
      ),
    );
  });
});

describe('the holder of a key that names its attempts', () => {
  const arrived = record({ arrivedKeyHash: 'hash e', attempts: ['d2', 'd1'] });
  const day = 24 * 3600_000;

  it.each([
    ['an attempt of its own that comes late is refused, and nothing else', 'd1', 'late'],
    ['an attempt that nobody named is theft', 'thief', 'theft'],
  ])('older key: %s', (_, hash, kind) => {
    expect(judgeRenewal(arrived, key(4, 'd'), 0, attempt(hash)).kind).toBe(kind);
    expect(judgeRenewal(arrived, key(1, 'a'), 0, attempt(hash)).kind).toBe(kind);
  });

  it('is not believed for naming earlier attempts: to know a hash is not to have made the attempt', () => {
    expect(judgeRenewal(arrived, key(4, 'd'), 0, attempt('thief', 'd2', 'd1')).kind).toBe('theft');
  });

  it('gets no leave for a sibling of the key that arrived', () => {
    expect(judgeRenewal(arrived, key(5, 'other'), 0, attempt('d1')).kind).toBe('theft');
  });

  it('gains nothing over one that names none: without an attempt the rules are as before', () => {
    expect(judgeRenewal(arrived, key(4, 'd'), 0)).toEqual({ kind: 'theft', generation: 4 });
  });

  it('is in doubt after a restore that forgot attempts, until its next renewal explains them', () => {
    const restored = record({ generation: 2, attempts: ['a1'] });
    const forgetful = afterArrival(restored, token(5, 'hash e', 0, 'd1'), 0);
    expect(judgeRenewal(forgetful, key(4, 'd'), 0, attempt('d0'))).toEqual({
      kind: 'doubt',
      attemptHash: 'd0',
    });
    const noted = afterDoubt(forgetful, key(4, 'd'), 'd0');
    expect(judgeRenewal(noted, key(5, 'e'), 0, attempt('e1', 'd1', 'd0')).kind).toBe('issue');
    expect(judgeRenewal(noted, key(5, 'e'), 0, attempt('e1', 'd1'))).toEqual({
      kind: 'theft',
      generation: 4,
    });
    // Without a renewal of the holder the doubt ends by itself.
    expect(judgeRenewal(noted, key(4, 'd'), 7 * day - 1, attempt('d0')).kind).toBe('doubt');
    expect(judgeRenewal(noted, key(4, 'd'), 7 * day, attempt('d0')).kind).toBe('theft');
    const explained = afterRenewal(noted, key(5, 'e'), 6, attempt('e1', 'd1', 'd0'));
    expect(judgeRenewal(explained, key(3, 'c'), 0, attempt('c9')).kind).toBe('theft');
  });

  it('is in doubt after each restore anew, also of a record that was in doubt itself', () => {
    const restored = record({
      generation: 2,
      attempts: ['a1'],
      attemptsMissingSince: instant(0),
      unexplained: [{ hash: 'a0', generation: 1 }],
    });
    const forgetful = afterArrival(restored, token(5, 'hash e', 0, 'd1'), 10 * day);
    expect(judgeRenewal(forgetful, key(4, 'd'), 11 * day, attempt('d0')).kind).toBe('doubt');
    // What was noted then, a renewal has explained that is forgotten now.
    expect(judgeRenewal(forgetful, key(5, 'e'), 11 * day, attempt('e1', 'd1')).kind).toBe('issue');
    expect(judgeRenewal(restored, key(5, 'e'), 11 * day, attempt('e1', 'd1')).kind).toBe('issue');
  });

  it('is in no doubt where the record knows the attempt that got the token', () => {
    const informed = afterArrival(record({ attempts: ['d1'] }), token(5, 'hash e', 0, 'd1'), 0);
    expect(judgeRenewal(informed, key(4, 'd'), 0, attempt('d0')).kind).toBe('theft');
  });

  it('notes a few doubtful attempts at the most, each once', () => {
    let noted = record({ attemptsMissingSince: undefined });
    for (let n = 0; n < 50; n++)
      noted = afterDoubt(afterDoubt(noted, key(4, 'd'), `${n}`), key(4, 'd'), `${n}`);
    expect(noted.unexplained?.map(({ hash }) => hash)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });

  it('is known by its last 32 attempts', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string(), { maxLength: 16 }), (known, earlier) => {
        const all = withAttempt(known, attempt('now', ...earlier));
        expect(all.length).toBeLessThanOrEqual(32);
        expect(all).toEqual(expect.arrayContaining(['now', ...earlier]));
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });

  it('sends a nonce and hashes, or is told what is wrong with them', () => {
    const nonce = 'a'.repeat(22);
    const hash = hashOfAttempt(nonce);
    expect(readRenewalAttempt(nonce, undefined)).toEqual({ hash, earlier: [] });
    expect(readRenewalAttempt(nonce, `${hash},${hash}`)).toEqual({ hash, earlier: [hash, hash] });
    expect(readRenewalAttempt(nonce, Array(40).fill(hash).join(','))?.earlier).toHaveLength(16);
    expect(readRenewalAttempt(undefined, 'whatever')).toBeUndefined();
    for (const [wrong, earlier] of [
      ['short'],
      [`${nonce}!`],
      [nonce, 'no hash'],
      [nonce, `${hash},`],
    ] as const) {
      expect(() => readRenewalAttempt(wrong, earlier)).toThrow(/attempt/);
    }
  });
});

describe('after a restore, two parties that are both ahead of the record', () => {
  // The thief renewed with an old key after the restore, so his young key has a low generation.
  const restored = record({ generation: 3, heldKeyIssuedAt: 10_000 });

  it('are found when a key of a higher generation is the older one', () => {
    expect(judgeRenewal(restored, key(9, 'i', 5000), 0)).toEqual({ kind: 'theft', generation: 9 });
    expect(judgeArrival(restored, token(9, 'i', 5000))).toBe('theft');
  });

  it('are not seen in one gateway, whose keys get newer with their generations', () => {
    expect(judgeRenewal(restored, key(9, 'i', 10_000), 0).kind).toBe('issue');
    expect(judgeArrival(restored, token(9, 'i', 10_000))).toBe('arrived');
  });

  it('nor in clocks of the service that differ by a minute', () => {
    expect(judgeRenewal(restored, key(9, 'i', 9940), 0).kind).toBe('issue');
  });
});

describe('a refresh key', () => {
  const macKey = Buffer.alloc(32, 7);
  const fields = fc.record({
    gatewayId: fc.constant(gatewayId),
    generation: fc.integer({ min: 1, max: 1e12 }),
    issuedAt: fc.integer({ min: 0, max: 1e11 }),
    nonce: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((b) => Buffer.from(b).toString('base64url')),
  });

  it('reads back as it was written', () => {
    fc.assert(
      fc.property(fields, (written) => {
        expect(readRefreshKey(formatRefreshKey(written, macKey), [macKey])).toMatchObject(written);
      }),
    );
  });

  it('is not genuine once any character of it is changed, or under another MAC key (rule 6)', () => {
    fc.assert(
      fc.property(fields, fc.nat(), fc.constantFrom(...'0aZ-_.'), (written, at, character) => {
        const text = formatRefreshKey(written, macKey);
        const index = at % text.length;
        const changed = text.slice(0, index) + character + text.slice(index + 1);
        // The last base64url character of a 256-bit MAC carries two unused bits; the text is compared, so they count.
        if (changed !== text) expect(readRefreshKey(changed, [macKey])).toBeUndefined();
        expect(readRefreshKey(text, [Buffer.alloc(32, 8)])).toBeUndefined();
      }),
    );
  });
});
