import fc from 'fast-check';
import type { GatewayId } from '../../../shared/identifier.ts';
import { formatRefreshKey, readRefreshKey } from '../../../shared/oauth/refresh-key.ts';
import type { GenuineRefreshKey } from '../../../shared/oauth/refresh-key.ts';
import { judgeArrival, judgeRenewal, refreshKeyLifetime } from '../../../shared/oauth/refresh-rules.ts';

const gatewayId = 'gw-23456789abcdefghjkmnpqrstu' as GatewayId;
const key = (generation: number, name: string, issuedAt = 0): GenuineRefreshKey => ({
  gatewayId,
  generation,
  issuedAt,
  nonce: name,
  hash: `hash ${name}`,
});
const record = (fields: Partial<Parameters<typeof judgeRenewal>[0]>) => ({
  state: 'active' as const,
  generation: 5,
  arrivedKeyHash: undefined,
  previousKeyHash: undefined,
  ...fields,
});

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
  ])('%s', (_, state, presented, verdict) => {
    expect(judgeRenewal(state, presented, 0)).toEqual(verdict);
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
    expect(judgeArrival(record({}), { generation: 5, keyHash: 'a' })).toBe('arrived');
    expect(judgeArrival(record({ arrivedKeyHash: 'a' }), { generation: 5, keyHash: 'a' })).toBe('known');
    expect(judgeArrival(record({ arrivedKeyHash: 'b' }), { generation: 5, keyHash: 'a' })).toBe('theft');
    expect(judgeArrival(record({ arrivedKeyHash: 'b' }), { generation: 4, keyHash: 'a' })).toBe('known');
    expect(judgeArrival(record({}), { generation: 7, keyHash: 'a' })).toBe('arrived');
  });

  it('never locks out a lone gateway whose replies get lost, and always finds a second holder', () => {
    // A lone holder keeps the key it last received; `true` loses the reply, `used` uses the token before renewing.
    fc.assert(
      fc.property(
        fc.array(fc.record({ lost: fc.boolean(), used: fc.boolean() }), { maxLength: 60 }),
        (steps) => {
          let state: Parameters<typeof judgeRenewal>[0] = record({ generation: 1 });
          let held = key(1, 'first');
          let count = 0;
          for (const { lost, used } of steps) {
            const verdict = judgeRenewal(state, held, 0);
            expect(verdict.kind).toBe('issue');
            if (verdict.kind !== 'issue') return;
            state = {
              ...state,
              generation: verdict.generation,
              previousKeyHash: held.hash,
              arrivedKeyHash: undefined,
            };
            const stolen = held;
            if (lost) continue;
            held = key(verdict.generation, `key ${count++}`);
            if (used) {
              expect(judgeArrival(state, { generation: held.generation, keyHash: held.hash })).toBe(
                'arrived',
              );
              state = { ...state, arrivedKeyHash: held.hash };
              expect(judgeRenewal(state, stolen, 0).kind).toBe('theft');
            }
          }
        },
      ),
    );
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
