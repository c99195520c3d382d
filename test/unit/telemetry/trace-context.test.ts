import { systemRandom } from '../../../shared/system-clock.ts';
import { traceIdsOnly } from '../../../shared/telemetry/telemetry.ts';
import { formatTraceparent, nextContext, parseTraceparent } from '../../../shared/telemetry/trace-context.ts';
import { traced } from '../../../shared/telemetry/traced.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('traceparent (W3C Trace Context section 3.2)', () => {
  it.each([
    [`00-${traceId}-${spanId}-01`, { traceId, spanId }],
    [`00-${traceId}-${spanId}-00`, { traceId, spanId }],
    [`01-${traceId}-${spanId}-01`, undefined],
    [`00-${'0'.repeat(32)}-${spanId}-01`, undefined],
    [`00-${traceId}-${'0'.repeat(16)}-01`, undefined],
    [`00-${traceId.toUpperCase()}-${spanId}-01`, undefined],
    [`00-${traceId}-${spanId}-01-extra`, undefined],
    [`00-${traceId}-${spanId}-01\r\nx: y`, undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s', (text, context) => {
    expect(parseTraceparent(text)).toEqual(context);
  });

  it('is read as it is written', () => {
    const context = nextContext(systemRandom);
    expect(parseTraceparent(formatTraceparent(context))).toEqual(context);
    expect(nextContext(systemRandom, context)).toMatchObject({ traceId: context.traceId });
  });
});

describe('ids without telemetry', () => {
  it('go with a request through everything that it waits for, and not into the next one', async () => {
    const telemetry = traceIdsOnly(systemRandom);
    const seen: (string | undefined)[] = [];
    const look = async () => {
      await Promise.resolve();
      seen.push(telemetry.context()?.traceId);
    };
    await telemetry.span('outer', {}, () => telemetry.span('inner', {}, look), { traceId, spanId });
    await telemetry.span('another', {}, look);
    expect(seen[0]).toBe(traceId);
    expect(seen[1]).toMatch(/^[0-9a-f]{32}$/);
    expect(seen[1]).not.toBe(traceId);
    expect(telemetry.context()).toBeUndefined();
  });
});

describe('a port that tells', () => {
  it('is whole: what it does not tell of works as before, private members and all', async () => {
    class Store {
      readonly #kept = ['one', 'two'];
      name = 'store';
      async read(n: number) {
        return this.#kept[n];
      }
      async *scan() {
        yield* this.#kept;
      }
      async close() {
        return this.#kept.length;
      }
    }
    const seen = traced(
      traceIdsOnly(systemRandom),
      { kind: 'store', metric: 'drawbridge.store.calls' },
      new Store(),
      { read: () => ({}) },
    );
    const all: string[] = [];
    for await (const each of seen.scan()) all.push(each);
    expect([all, await seen.read(1), await seen.close(), seen.name]).toEqual([
      ['one', 'two'],
      'two',
      2,
      'store',
    ]);
  });

  it('does and throws what it did before, and tells outcomes only', async () => {
    const told: unknown[] = [];
    const telemetry = {
      ...traceIdsOnly(systemRandom),
      count: (metric: string, attributes: object) => void told.push([metric, attributes]),
    };
    const port = {
      read: async (name: string) => `secret of ${name}`,
      fail: async (_: string): Promise<void> => {
        throw new RangeError('ann@guest.example');
      },
      other: () => 'as it was',
    };
    const seen = traced(telemetry, { kind: 'store', metric: 'drawbridge.store.calls' }, port, {
      read: () => ({ container: 'shares' }),
      fail: () => ({ container: 'shares' }),
    });
    expect([await seen.read('ann'), seen.other()]).toEqual(['secret of ann', 'as it was']);
    await expect(seen.fail('ann')).rejects.toThrow(RangeError);
    expect(told).toEqual([
      ['drawbridge.store.calls', { container: 'shares', operation: 'read', outcome: 'ok' }],
      ['drawbridge.store.calls', { container: 'shares', operation: 'fail', outcome: 'RangeError' }],
    ]);
  });
});
