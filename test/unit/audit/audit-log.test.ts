import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { createAuditLog, type AuditEvent } from '../../../shared/audit/audit-log.ts';
import { auditHash, type AuditEntry } from '../../../shared/audit/audit-entry.ts';
import { verifyChain } from '../../../shared/audit/verify-chain.ts';
import { instant, minute } from '../../../shared/clock.ts';
import type { DocumentStore } from '../../../shared/store/document-store.ts';
import { openSqliteDocumentStore } from '../../../shared/store/sqlite-document-store.ts';
import { InvalidContinuation } from '../../../shared/store/store-errors.ts';
import { systemRandom } from '../../../shared/system-clock.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
let folder: string;
let file: string;
let store: DocumentStore;
let now: number;
const clock = { now: () => now };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-'));
  file = join(folder, 'documents.sqlite');
  store = openSqliteDocumentStore({ file });
  now = start;
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const open = (over: DocumentStore = store) => createAuditLog({ store: over, clock, random: systemRandom });
const event = (more: Partial<AuditEvent> = {}): AuditEvent => ({
  organizationId: 'org',
  actor: { kind: 'account', id: 'ada', label: 'ada@example.org' },
  action: 'share.created',
  ...more,
});
async function chain(organizationId = 'org'): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for await (const entry of open().all(organizationId)) entries.push(entry);
  return entries;
}

describe('appending', () => {
  it('chains the entries of each organization on their own', async () => {
    const audit = open();
    for (const organizationId of ['org', 'other', 'org', 'service', 'org'])
      await audit.append(event({ organizationId, subject: { kind: 'share', id: 's' }, details: { n: 1 } }));
    for (const [organizationId, entries] of [
      ['org', 3],
      ['other', 1],
      ['service', 1],
    ] as const)
      // prettier-ignore
      expect(verifyChain(await chain(organizationId))).toMatchObject({ sound: true, entries, first: 1 });
  });

  it('goes on where an earlier process ended', async () => {
    await open().append(event());
    await open().append(event({ action: 'share.revoked' }));
    expect((await chain()).map(({ id, action }) => [id, action])).toEqual([
      ['000000000001', 'share.created'],
      ['000000000002', 'share.revoked'],
    ]);
  });

  it('keeps the chain sound whatever text and numbers the details hold', async () => {
    const audit = open();
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean());
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), value), async (details) => {
        await audit.append(event({ details }));
      }),
      { numRuns: 60 },
    );
    await audit.append(event({ details: { long: 'x'.repeat(3_000_000) } }));
    await audit.append(event({ details: Object.fromEntries([['__proto__', 1]]) }));
    expect(verifyChain(await chain())).toMatchObject({ sound: true, entries: 62 });
  });

  it('forks nothing and drops nothing when several writers in a process meet', async () => {
    const other = openSqliteDocumentStore({ file });
    const logs = [open(), open(), open(other)];
    await Promise.all(
      Array.from({ length: 90 }, async (_, n) => {
        await logs[n % 3]?.append(event({ details: { n } }));
      }),
    );
    const entries = await chain();
    expect(verifyChain(entries)).toMatchObject({ sound: true, entries: 90 });
    expect(new Set(entries.map(({ details }) => details?.['n'])).size).toBe(90);
    await other.close();
  });

  it('writes an event once although the reply to the write got lost', async () => {
    let lose = true;
    const forgetful: DocumentStore = Object.assign(Object.create(store) as DocumentStore, {
      read: store.read.bind(store),
      query: store.query.bind(store),
      // As an SDK does: the first request got through, its reply did not, the repetition finds it there.
      create: async (...[container, document]: Parameters<DocumentStore['create']>) => {
        if (lose) await store.create(container, document);
        lose = false;
        return store.create(container, document);
      },
    });
    const audit = open(forgetful);
    await audit.append(event());
    await audit.append(event({ action: 'share.revoked' }));
    expect((await chain()).map(({ action }) => action)).toEqual(['share.created', 'share.revoked']);
  });

  it('forks nothing and drops nothing when processes write under load', async () => {
    const path = (name: string) => JSON.stringify(join(process.cwd(), 'shared', name));
    const script = `
      import { createAuditLog } from ${path('audit/audit-log.ts')};
      import { openSqliteDocumentStore } from ${path('store/sqlite-document-store.ts')};
      import { systemClock as clock, systemRandom as random } from ${path('system-clock.ts')};
      const store = openSqliteDocumentStore({ file: ${JSON.stringify(file)} });
      const audit = createAuditLog({ store, clock, random });
      const [name] = process.argv.slice(1);
      for (let n = 0; n < 30; n++)
        await Promise.all([0, 1, 2, 3, 4].map((m) => audit.append({
          organizationId: 'org', actor: { kind: 'service', id: name }, action: 'share.opened',
          details: { at: n * 5 + m },
        })));
      await store.close();`;
    await Promise.all(
      ['a', 'b'].map((name) =>
        promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, name]),
      ),
    );
    const entries = await chain();
    expect(verifyChain(entries)).toMatchObject({ sound: true, entries: 300 });
    const wrote = new Set(entries.map(({ actor, details }) => `${actor.id} ${String(details?.['at'])}`));
    expect(wrote.size).toBe(300);
  });
});

describe('listing', () => {
  it('gives the newest first, page by page, without overlap', async () => {
    const audit = open();
    for (let n = 0; n < 7; n++) await audit.append(event({ details: { n } }));
    const seen: unknown[] = [];
    let continuation: string | undefined;
    do {
      const page = await audit.list('org', { limit: 3, ...(continuation !== undefined && { continuation }) });
      seen.push(...page.items.map(({ details }) => details?.['n']));
      continuation = page.continuation;
    } while (continuation !== undefined);
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0]);
  });

  it('finds by action, part of an action, actor, subject and time', async () => {
    const audit = open();
    await audit.append(event());
    now += minute;
    await audit.append(
      event({
        action: 'share.revoked',
        subject: { kind: 'share', id: 's', label: 'Line 2', systemId: 'sys-1' },
      }),
    );
    now += minute;
    await audit.append(event({ action: 'system.connected', actor: { kind: 'account', id: 'bob' } }));
    const found = async (filter: object) =>
      (await audit.list('org', { limit: 10, ...filter })).items.map(({ action }) => action);
    expect(await found({ action: 'share.' })).toEqual(['share.revoked', 'share.created']);
    expect(await found({ action: 'share.created' })).toEqual(['share.created']);
    expect(await found({ actor: 'bob' })).toEqual(['system.connected']);
    expect(await found({ subject: 's' })).toEqual(['share.revoked']);
    expect(await found({ subject: 'sys-1' })).toEqual(['share.revoked']);
    expect(await found({ subject: 'LINE' })).toEqual(['share.revoked']);
    expect(await found({ actor: 'Ada@' })).toEqual(['share.revoked', 'share.created']);
    expect(await found({ from: instant(start + minute), to: instant(start + 2 * minute) })).toEqual([
      'share.revoked',
    ]);
    expect(await found({ actor: 'bob', action: 'share.' })).toEqual([]);
  });

  it('tells once what may have been told already, with the moment when it happened', async () => {
    const happenedAt = instant(now);
    const audit = open();
    await audit.append(event(), 'one');
    for (let n = 0; n < 1100; n++) await audit.append(event());
    now += minute;
    await open().appendOnce(event(), 'one', happenedAt);
    await open().appendOnce(event(), 'two', happenedAt);
    await open().appendOnce(event(), 'two', happenedAt);
    const { items } = await open().list('org', { limit: 1000, from: instant(now) });
    expect(items.map(({ key, details }) => [key, details?.['happenedAt']])).toEqual([['two', happenedAt]]);
  });

  it('shows nothing of another organization', async () => {
    await open().append(event());
    expect(await open().list('other', { limit: 10 })).toEqual({ items: [] });
  });

  it('refuses a continuation it did not give out', async () => {
    await expect(open().list('org', { limit: 1, continuation: 'x' })).rejects.toThrow(InvalidContinuation);
  });
});

describe('pruning', () => {
  const aged = async () => {
    for (let n = 0; n < 6; n++) {
      await open().append(event({ details: { n } }));
      now += minute;
    }
  };

  it('removes what is too old from the front, and what stays verifies and says what went', async () => {
    await aged();
    expect(await open().prune('org', instant(start + 4 * minute), 100)).toBe(4);
    const entries = await chain();
    expect(verifyChain(entries)).toMatchObject({ sound: true, entries: 3, first: 5 });
    expect(entries.at(-1)).toMatchObject({ action: 'audit.pruned', details: { through: 4 } });
    await open().append(event());
    expect(verifyChain(await chain())).toMatchObject({ sound: true, entries: 4 });
    now += minute;
    expect(await open().prune('org', instant(now), 100)).toBe(4);
    expect(verifyChain(await chain())).toMatchObject({ sound: true, entries: 1, first: 9 });
  });

  it('removes nothing that is young, and at most so many', async () => {
    await aged();
    expect(await open().prune('org', instant(start), 100)).toBe(0);
    expect(await open().prune('org', instant(now), 2)).toBe(2);
    expect(verifyChain(await chain())).toMatchObject({ sound: true, first: 3 });
  });

  it('leaves a sound chain wherever it dies, and finishes the next time', async () => {
    for (let dies = 0; dies <= 5; dies++) {
      const organizationId = `org-${dies}`;
      const begin = now;
      for (let n = 0; n < 6; n++) await open().append(event({ organizationId }));
      now += minute;
      let left = dies;
      const dying: DocumentStore = Object.assign(Object.create(store) as DocumentStore, {
        read: store.read.bind(store),
        query: store.query.bind(store),
        create: store.create.bind(store),
        remove: async (...given: Parameters<DocumentStore['remove']>) => {
          if (left-- === 0) throw new Error('dead');
          return store.remove(...given);
        },
      });
      await expect(open(dying).prune(organizationId, instant(begin + 1), 100)).rejects.toThrow('dead');
      expect(verifyChain(await chain(organizationId))).toMatchObject({ sound: true, first: dies + 1 });
      await open().prune(organizationId, instant(begin + 1), 100);
      expect(verifyChain(await chain(organizationId))).toMatchObject({ sound: true, first: 7 });
    }
  });

  it('may run twice at once', async () => {
    await aged();
    const before = instant(start + 4 * minute);
    const other = open();
    await Promise.all([open().prune('org', before, 100), other.prune('org', before, 100)]);
    expect(verifyChain(await chain())).toMatchObject({ sound: true, first: 5 });
  });

  it('is no cover for whoever cuts off more, or makes up another beginning', async () => {
    await aged();
    await open().prune('org', instant(start + 3 * minute), 100);
    const entries = await chain();
    expect(verifyChain(entries.slice(1))).toEqual({ sound: false, sequence: 5, reason: 'beginning' });
    const [first, ...rest] = entries;
    if (first === undefined) throw new Error('no entry');
    const unsealed = { ...first, previous: 'a'.repeat(64) };
    const forged = [{ ...unsealed, hash: auditHash(unsealed) }, ...rest];
    expect(verifyChain(forged)).toMatchObject({ sound: false });
  });
});

describe('the verification of a chain', () => {
  async function five(): Promise<AuditEntry[]> {
    const audit = open();
    for (let n = 0; n < 5; n++) await audit.append(event({ details: { n } }));
    return chain();
  }
  const reseal = (entry: AuditEntry): AuditEntry => ({ ...entry, hash: auditHash(entry) });
  const at = (entries: AuditEntry[], n: number): AuditEntry => {
    const entry = entries[n];
    if (entry === undefined) throw new Error('no such entry');
    return entry;
  };

  it.each<[string, number, string, (entries: AuditEntry[]) => AuditEntry[]]>([
    ['changed', 3, 'changed', (e) => e.with(2, { ...at(e, 2), action: 'share.opened' })],
    [
      'changed and hashed anew',
      4,
      'unlinked',
      (e) => e.with(2, reseal({ ...at(e, 2), action: 'share.opened' })),
    ],
    ['removed from the middle', 4, 'missing', (e) => e.toSpliced(2, 1)],
    ['repeated', 3, 'repeated', (e) => e.toSpliced(3, 0, at(e, 2))],
    ['swapped', 3, 'missing', (e) => [at(e, 0), at(e, 2), at(e, 1), at(e, 3), at(e, 4)]],
    ['of another organization', 3, 'foreign', (e) => e.with(2, reseal({ ...at(e, 2), pk: 'other' }))],
    [
      'given another beginning',
      1,
      'unlinked',
      (e) => e.with(0, reseal({ ...at(e, 0), previous: 'a'.repeat(64) })),
    ],
  ])('names the first broken link when an entry was %s', async (_, sequence, reason, tamper) => {
    expect(verifyChain(tamper(await five()))).toEqual({ sound: false, sequence, reason });
  });

  it('tells a beginning that was pruned from one that was cut off', async () => {
    expect(verifyChain((await five()).slice(2))).toEqual({ sound: false, sequence: 3, reason: 'beginning' });
  });

  it('gives the head, against which a cut-off end shows', async () => {
    const entries = await five();
    const whole = verifyChain(entries);
    expect(whole).toMatchObject({ headHash: at(entries, 4).hash });
    expect(verifyChain(entries.slice(0, 4))).not.toEqual(whole);
  });

  it('is indifferent to the order of members, as JSON is', async () => {
    const entries = (await five()).map(
      (entry) => Object.fromEntries(Object.entries(entry).reverse()) as AuditEntry,
    );
    expect(verifyChain(entries)).toMatchObject({ sound: true });
  });
});
