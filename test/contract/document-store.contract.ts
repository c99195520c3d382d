import fc from 'fast-check';
import {
  containerNames,
  DocumentChanged,
  DocumentExists,
  type Document,
  type DocumentStore,
  type Etag,
  type Page,
  type Query,
  type Versioned,
} from '../../shared/store/document-store.ts';
import {
  DocumentTooLarge,
  InvalidContinuation,
  InvalidDocument,
  InvalidQuery,
} from '../../shared/store/store-errors.ts';

export interface StoreUnderTest {
  readonly store: DocumentStore;
  /** A second client of the same data, as another process would hold. */
  readonly other: DocumentStore;
  dispose(): Promise<void>;
}

interface Share extends Document {
  readonly systemId?: string | number | null;
  readonly sweepAt?: string | number;
  readonly expiresAt?: number;
  readonly note?: string;
}

/** What every adapter of the DocumentStore port must do. `open` gives an empty store. */
export function documentStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a document store`, () => {
    let subject: StoreUnderTest;
    let store: DocumentStore;
    let other: DocumentStore;

    beforeEach(async () => {
      subject = await open();
      ({ store, other } = subject);
    });
    afterEach(() => subject.dispose());

    const share = (id: string, more: Partial<Share> = {}): Share => ({ id, pk: id, ...more });
    const ids = (page: Page<Versioned<Document>>) => page.items.map(({ document }) => document.id);

    async function all(query: Query): Promise<string[]> {
      const found: string[] = [];
      let page = await store.query<Share>('shares', query);
      found.push(...ids(page));
      while (page.continuation !== undefined) {
        page = await store.query<Share>('shares', { ...query, continuation: page.continuation });
        found.push(...ids(page));
      }
      return found;
    }

    describe('one document', () => {
      it('reads back what was created, with an ETag', async () => {
        const document = { id: 'a', pk: 'p', deep: { list: [1, null, 'ü𝄞', { x: false }] } };
        const etag = await store.create('shares', document);
        expect(await store.read('shares', 'p', 'a')).toEqual({ document, etag });
      });

      it('finds nothing under another id, partition or container', async () => {
        await store.create('shares', { id: 'a', pk: 'p' });
        expect(await store.read('shares', 'p', 'b')).toBeUndefined();
        expect(await store.read('shares', 'q', 'a')).toBeUndefined();
        expect(await store.read('systems', 'p', 'a')).toBeUndefined();
      });

      it('refuses to create what exists, and leaves it as it was', async () => {
        await store.create('shares', share('a', { note: 'first' }));
        await expect(store.create('shares', share('a', { note: 'second' }))).rejects.toThrow(DocumentExists);
        expect((await store.read<Share>('shares', 'a', 'a'))?.document.note).toBe('first');
      });

      it('keeps documents with the same id in two partitions apart', async () => {
        await store.create('shares', { id: 'a', pk: 'p' });
        await store.create('shares', { id: 'a', pk: 'q' });
        await store.remove('shares', 'p', 'a');
        expect(await store.read('shares', 'q', 'a')).toBeDefined();
      });

      it('gives a new ETag with every write, also when nothing differs', async () => {
        const first = await store.create('shares', share('a'));
        const second = await store.replace('shares', share('a'), first);
        const third = await store.replace('shares', share('a'), second);
        expect(new Set([first, second, third]).size).toBe(3);
      });

      it('gives another ETag to a document made again after its removal', async () => {
        const first = await store.create('shares', share('a'));
        await store.remove('shares', 'a', 'a');
        await store.create('shares', share('a'));
        await expect(store.replace('shares', share('a'), first)).rejects.toThrow(DocumentChanged);
      });

      it('refuses to replace with an old ETag, and leaves the document as it was', async () => {
        const first = await store.create('shares', share('a'));
        await other.replace('shares', share('a', { note: 'theirs' }), first);
        await expect(store.replace('shares', share('a', { note: 'mine' }), first)).rejects.toThrow(
          DocumentChanged,
        );
        expect((await store.read<Share>('shares', 'a', 'a'))?.document.note).toBe('theirs');
      });

      it('refuses to replace what is not there', async () => {
        const etag = await store.create('shares', share('a'));
        await expect(store.replace('shares', share('b'), etag)).rejects.toThrow(DocumentChanged);
      });

      it('removes with the right ETag and refuses with a wrong one', async () => {
        const first = await store.create('shares', share('a'));
        const second = await store.replace('shares', share('a'), first);
        await expect(store.remove('shares', 'a', 'a', first)).rejects.toThrow(DocumentChanged);
        await store.remove('shares', 'a', 'a', second);
        expect(await store.read('shares', 'a', 'a')).toBeUndefined();
      });

      it('removes what is not there without complaint, unless an ETag is named', async () => {
        const etag = await store.create('shares', share('a'));
        await store.remove('shares', 'a', 'b');
        await expect(store.remove('shares', 'a', 'b', etag)).rejects.toThrow(DocumentChanged);
      });

      it('takes no harm from quotes, percent signs and non-Latin letters in an id', async () => {
        const id = `o'"%_--; 名前 𝄞 x@y.example`;
        await store.create('shares', share(id));
        expect((await store.read('shares', id, id))?.document.id).toBe(id);
        expect(await all({ where: [['id', '=', id]], limit: 5 })).toEqual([id]);
      });

      it.each(['', 'a/b', 'a\\b', 'a?b', 'a#b', 'a\nb', 'a\u0000b', '\ud800', 'x'.repeat(1024)])(
        'refuses an id that some adapter could not hold: %j',
        async (id) => {
          await expect(store.create('shares', { id, pk: 'p' })).rejects.toThrow(InvalidDocument);
        },
      );

      it('takes a document just under 2 MB and refuses one above', async () => {
        const etag = await store.create('shares', share('a', { note: 'x'.repeat(1_999_000) }));
        expect((await store.read<Share>('shares', 'a', 'a'))?.document.note).toHaveLength(1_999_000);
        const large = share('b', { note: 'ü'.repeat(1_000_000) });
        await expect(store.create('shares', large)).rejects.toThrow(DocumentTooLarge);
        await expect(store.replace('shares', { ...large, id: 'a', pk: 'a' }, etag)).rejects.toThrow(
          DocumentTooLarge,
        );
      });
    });

    describe('compare and swap', () => {
      it('lets exactly one of many concurrent writers win', async () => {
        const etag = await store.create('shares', share('a'));
        const outcomes = await Promise.allSettled(
          Array.from({ length: 20 }, (_, n) =>
            (n % 2 === 0 ? store : other).replace('shares', share('a', { note: `${n}` }), etag),
          ),
        );
        const won = outcomes.flatMap((outcome, n) => (outcome.status === 'fulfilled' ? [n] : []));
        expect(won).toHaveLength(1);
        expect((await store.read<Share>('shares', 'a', 'a'))?.document.note).toBe(`${won[0]}`);
        for (const outcome of outcomes)
          if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(DocumentChanged);
      });

      it('lets exactly one of many concurrent creators win', async () => {
        const outcomes = await Promise.allSettled(
          Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? store : other).create('shares', share('a'))),
        );
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      });

      it('loses no increment between two clients that retry', async () => {
        await store.create('shares', share('a', { expiresAt: 0 }));
        const increment = async (client: DocumentStore): Promise<void> => {
          const found = await client.read<Share>('shares', 'a', 'a');
          if (found === undefined) throw new Error('The document is gone.');
          const next = { ...found.document, expiresAt: (found.document.expiresAt ?? 0) + 1 };
          try {
            await client.replace('shares', next, found.etag);
          } catch (error) {
            if (!(error instanceof DocumentChanged)) throw error;
            await increment(client);
          }
        };
        await Promise.all(Array.from({ length: 30 }, (_, n) => increment(n % 2 === 0 ? store : other)));
        expect((await store.read<Share>('shares', 'a', 'a'))?.document.expiresAt).toBe(30);
      });
    });

    describe('a query', () => {
      it('restricts to one partition, in order of id', async () => {
        for (const [pk, id] of [
          ['p', '2'],
          ['q', '1'],
          ['p', '3'],
          ['p', '1'],
        ] as const)
          // prettier-ignore
          await store.create('shares', { id, pk });
        expect(await all({ partition: 'p', limit: 10 })).toEqual(['1', '2', '3']);
        expect(await all({ partition: 'r', limit: 10 })).toEqual([]);
      });

      it.each([
        ['=', ['b']],
        ['<', ['a']],
        ['<=', ['a', 'b']],
        ['>', ['c']],
        ['>=', ['b', 'c']],
      ] as const)('compares numbers and text with %s', async (comparison, expected) => {
        for (const [n, id] of ['a', 'b', 'c'].entries())
          await store.create('shares', share(id, { expiresAt: n, systemId: `s${n}` }));
        expect(await all({ where: [['expiresAt', comparison, 1]], limit: 10 })).toEqual(expected);
        expect(await all({ where: [['systemId', comparison, 's1']], limit: 10 })).toEqual(expected);
        expect(await all({ where: [['id', comparison, 'b']], limit: 10 })).toEqual(expected);
      });

      it('never compares text with numbers, nor finds what lacks the field', async () => {
        await store.create('shares', share('number', { sweepAt: 5 }));
        await store.create('shares', share('text', { sweepAt: '5' }));
        await store.create('shares', share('null', { systemId: null }));
        await store.create('shares', share('none'));
        expect(await all({ where: [['sweepAt', '<', 9]], limit: 9 })).toEqual(['number']);
        expect(await all({ where: [['sweepAt', '>', 1]], limit: 9 })).toEqual(['number']);
        expect(await all({ where: [['sweepAt', '<', '9']], limit: 9 })).toEqual(['text']);
        expect(await all({ where: [['sweepAt', '>', '1']], limit: 9 })).toEqual(['text']);
        expect(await all({ where: [['sweepAt', '=', '5']], limit: 9 })).toEqual(['text']);
        expect(await all({ where: [['systemId', '<', 'z']], limit: 9 })).toEqual([]);
      });

      it('requires every condition', async () => {
        await store.create('shares', share('a', { systemId: 's', expiresAt: 1 }));
        await store.create('shares', share('b', { systemId: 's', expiresAt: 2 }));
        await store.create('shares', share('c', { systemId: 't', expiresAt: 2 }));
        const where = [['systemId', '=', 's'], ['expiresAt', '>', 1]] as const; // prettier-ignore
        expect(await all({ where, limit: 10 })).toEqual(['b']);
      });

      it('orders by a field both ways, breaking ties by id and leaving out what lacks it', async () => {
        for (const [id, expiresAt] of [
          ['a', 2],
          ['b', 1],
          ['c', 2],
          ['d', 3],
        ] as const)
          // prettier-ignore
          await store.create('shares', share(id, { expiresAt }));
        await store.create('shares', share('e'));
        expect(await all({ orderBy: ['expiresAt', 'asc'], limit: 2 })).toEqual(['b', 'a', 'c', 'd']);
        expect(await all({ orderBy: ['expiresAt', 'desc'], limit: 2 })).toEqual(['d', 'c', 'a', 'b']);
        expect(await all({ orderBy: ['id', 'desc'], limit: 2 })).toEqual(['e', 'd', 'c', 'b', 'a']);
      });

      it('says there is more only when there is', async () => {
        for (const id of ['a', 'b', 'c', 'd']) await store.create('shares', share(id));
        const first = await store.query('shares', { limit: 2 });
        expect(ids(first)).toEqual(['a', 'b']);
        const second = await store.query('shares', { limit: 2, continuation: first.continuation ?? '' });
        expect(ids(second)).toEqual(['c', 'd']);
        expect(second.continuation).toBeUndefined();
      });

      it('goes on where it stopped although documents before and after came and went', async () => {
        for (const id of ['b', 'c', 'd', 'e']) await store.create('shares', share(id));
        const first = await store.query('shares', { limit: 2 });
        await store.create('shares', share('a'));
        await store.remove('shares', 'c', 'c');
        await store.remove('shares', 'd', 'd');
        const second = await store.query('shares', { limit: 2, continuation: first.continuation ?? '' });
        expect(ids(second)).toEqual(['e']);
      });

      it('goes on from a continuation that another client gave out', async () => {
        for (const id of ['a', 'b']) await store.create('shares', share(id));
        const first = await store.query('shares', { limit: 1 });
        expect(
          ids(await other.query('shares', { limit: 1, continuation: first.continuation ?? '' })),
        ).toEqual(['b']);
      });

      it('refuses a continuation that was altered, invented or given out for another query', async () => {
        for (const id of ['a', 'b', 'c']) await store.create('shares', share(id, { pk: 'p', expiresAt: 1 }));
        const { continuation = '' } = await store.query('shares', { partition: 'p', limit: 1 });
        const altered = continuation.slice(0, -2) + (continuation.endsWith('AA') ? 'BB' : 'AA');
        for (const bad of ['', 'x', altered, `${continuation}x`, continuation.slice(0, 20)])
          await expect(
            store.query('shares', { partition: 'p', limit: 1, continuation: bad }),
          ).rejects.toThrow(InvalidContinuation);
        for (const query of [
          { limit: 1 },
          { partition: 'q', limit: 1 },
          { partition: 'p', orderBy: ['id', 'desc'], limit: 1 },
          { partition: 'p', where: [['expiresAt', '=', 1]], limit: 1 },
        ] satisfies Query[])
          await expect(store.query('shares', { ...query, continuation })).rejects.toThrow(
            InvalidContinuation,
          );
        await expect(store.query('systems', { partition: 'p', limit: 1, continuation })).rejects.toThrow(
          InvalidContinuation,
        );
      });

      it.each([0, -1, 1.5, 1001, NaN])('refuses the limit %p', async (limit) => {
        await expect(store.query('shares', { limit })).rejects.toThrow(InvalidQuery);
      });

      it('refuses a field that the container does not index, whatever it looks like', async () => {
        for (const field of ['note', "x') OR 1=1 --", 'expiresAt.x', '__proto__', 'length']) {
          await expect(store.query('shares', { where: [[field, '=', 1]], limit: 1 })).rejects.toThrow(
            InvalidQuery,
          );
          await expect(store.query('shares', { orderBy: [field, 'asc'], limit: 1 })).rejects.toThrow(
            InvalidQuery,
          );
        }
        await expect(store.query('shares', { where: [['expiresAt', '<', NaN]], limit: 1 })).rejects.toThrow(
          InvalidQuery,
        );
      });
    });

    it('finds in any container what it holds, page by page, exactly as a plain list would', async () => {
      const text = fc.stringMatching(/^[a-cü名]{1,2}$/);
      const document = fc.record(
        {
          id: text,
          pk: fc.constantFrom('p', 'q'),
          systemId: fc.constantFrom('s', 't'),
          sweepAt: fc.oneof(fc.integer({ min: -3, max: 3 }), text),
          expiresAt: fc.oneof(fc.integer(), fc.integer({ min: -2, max: 2 })),
        },
        { requiredKeys: ['id', 'pk'] },
      );
      const field = fc.constantFrom('id', 'systemId', 'sweepAt', 'expiresAt');
      const comparison = fc.constantFrom('=', '<', '<=', '>', '>=');
      const value = fc.oneof(fc.integer({ min: -3, max: 3 }), text, fc.constantFrom('s', 't'));
      const query = fc.record(
        {
          partition: fc.constantFrom('p', 'q'),
          where: fc.array(fc.tuple(field, comparison, value), { maxLength: 2 }),
          orderBy: fc.tuple(field, fc.constantFrom('asc', 'desc')),
          limit: fc.integer({ min: 1, max: 4 }),
        },
        { requiredKeys: ['limit'] },
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(document, { maxLength: 12 }),
          fc.array(query, { maxLength: 4 }),
          async (list, queries) => {
            for await (const { pk, id } of store.scan('shares')) await store.remove('shares', pk, id);
            const model = new Map(list.map((entry) => [JSON.stringify([entry.pk, entry.id]), entry]));
            for (const entry of model.values()) await store.create('shares', entry);
            for (const asked of queries) {
              const expected = answer([...model.values()], asked as Query).map(({ id }) => id);
              expect(await all(asked as Query)).toEqual(expected);
            }
          },
        ),
        { numRuns: 60 },
      );
    });

    it('behaves as a map of documents would under any sequence of writes', async () => {
      const key = fc.constantFrom('a', 'b', 'c');
      const step = fc.oneof(
        fc.record({ kind: fc.constant('create' as const), key, note: fc.string() }),
        fc.record({ kind: fc.constant('replace' as const), key, note: fc.string(), stale: fc.boolean() }),
        fc.record({
          kind: fc.constant('remove' as const),
          key,
          conditional: fc.boolean(),
          stale: fc.boolean(),
        }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          for (const id of ['a', 'b', 'c']) await store.remove('shares', id, id);
          const model = new Map<string, { document: Share; etag: Etag }>();
          const spent = new Map<string, Etag>();
          for (const [n, act] of steps.entries()) {
            const client = n % 2 === 0 ? store : other;
            const held = model.get(act.key);
            const old = spent.get(act.key);
            if (held !== undefined) spent.set(act.key, held.etag);
            if (act.kind === 'create') {
              const document = share(act.key, { note: act.note });
              const done = client.create('shares', document);
              if (held === undefined) model.set(act.key, { document, etag: await done });
              else await expect(done).rejects.toThrow(DocumentExists);
            } else {
              const etag = act.stale ? old : held?.etag;
              const current = etag !== undefined && etag === held?.etag;
              if (act.kind === 'replace') {
                if (etag === undefined) continue;
                const document = share(act.key, { note: act.note });
                const done = client.replace('shares', document, etag);
                if (current) model.set(act.key, { document, etag: await done });
                else await expect(done).rejects.toThrow(DocumentChanged);
              } else if (!act.conditional || etag === undefined) {
                await client.remove('shares', act.key, act.key);
                model.delete(act.key);
              } else {
                const done = client.remove('shares', act.key, act.key, etag);
                if (current) {
                  await done;
                  model.delete(act.key);
                } else await expect(done).rejects.toThrow(DocumentChanged);
              }
            }
            expect(await other.read('shares', act.key, act.key)).toEqual(model.get(act.key));
          }
        }),
        { numRuns: 60 },
      );
    });

    describe('a scan', () => {
      it('gives every document of one container once', async () => {
        const expected = Array.from({ length: 1203 }, (_, n) => `d${n}`);
        for (const id of expected) await store.create('sessions', { id, pk: `p${id.length}` });
        await store.create('systems', { id: 'elsewhere', pk: 'elsewhere' });
        const seen: string[] = [];
        for await (const { id } of store.scan('sessions')) seen.push(id);
        expect(seen.toSorted()).toEqual(expected.toSorted());
      });

      it('misses nothing that was there all the time while others write', async () => {
        for (let n = 0; n < 700; n++) await store.create('sessions', { id: `d${n}`, pk: 'p' });
        const seen = new Set<string>();
        for await (const { id } of store.scan('sessions')) {
          if (seen.size % 100 === 0) {
            await other.remove('sessions', 'p', `d${699 - seen.size / 100}`);
            await other.create('sessions', { id: `new${seen.size}`, pk: 'p' });
          }
          seen.add(id);
        }
        for (let n = 0; n < 690; n++) expect(seen).toContain(`d${n}`);
      });

      it('gives the same as texts, one line each, for what passes them on', async () => {
        const odd = { id: 'odd', pk: 'p', note: 'line\nbreak \u2028 \ud83d\ude00 "quoted"' };
        await store.create('sessions', odd);
        for (let n = 0; n < 1203; n++) await store.create('sessions', { id: `d${n}`, pk: 'p' });
        const texts: string[] = [];
        for await (const page of store.scanTexts('sessions')) texts.push(...page);
        expect(texts.filter((text) => /[\r\n]/.test(text))).toEqual([]);
        const scanned = [];
        for await (const document of store.scan('sessions')) scanned.push(document);
        expect(texts.map((text) => JSON.parse(text) as Document)).toEqual(scanned);
        expect(scanned).toContainEqual(odd);
      });

      it('may be left half-way', async () => {
        for (let n = 0; n < 20; n++) await store.create('sessions', { id: `d${n}`, pk: 'p' });
        for await (const { id } of store.scan('sessions')) if (id !== '') break;
        await store.create('sessions', { id: 'after', pk: 'p' });
      });
    });

    it('holds every container the port declares', async () => {
      for (const container of containerNames) {
        await store.create(container, { id: 'a', pk: 'a' });
        expect(ids(await store.query(container, { limit: 5 }))).toEqual(['a']);
      }
    });

    it('is ready while open', async () => {
      await store.check();
    });
  });
}

/** The port's rules for a query, applied to a plain list. */
function answer(
  documents: readonly Share[],
  { partition, where = [], orderBy = ['id', 'asc'] }: Query,
): Share[] {
  const member = (document: Document, field: string): unknown => new Map(Object.entries(document)).get(field);
  const holds = (left: unknown, comparison: string, right: string | number) => {
    if (typeof left !== typeof right) return false;
    const order = compare(left, right);
    if (comparison === '=') return order === 0;
    return (comparison.includes('=') && order === 0) || (comparison.startsWith('<') ? order < 0 : order > 0);
  };
  const [field, direction] = orderBy;
  const sorted = documents
    .filter((document) => partition === undefined || document.pk === partition)
    .filter((document) =>
      where.every(([name, comparison, value]) => holds(member(document, name), comparison, value)),
    )
    .filter((document) => member(document, field) !== undefined)
    .toSorted(
      (a, b) => compare(member(a, field), member(b, field)) || compare(a.id, b.id) || compare(a.pk, b.pk),
    );
  return direction === 'asc' ? sorted : sorted.reverse();
}

/** Numbers before text, as the stores sort. */
function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return Math.sign(a - b);
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === 'number' ? -1 : 1;
}
