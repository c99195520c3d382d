import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { csvRow, readCsv } from '../../../shared/audit/audit-csv.ts';
import {
  exportText,
  readExport,
  NotAnExport,
  type ExportFormat,
} from '../../../shared/audit/audit-export.ts';
import type { AuditEntry } from '../../../shared/audit/audit-entry.ts';
import { verifyChain } from '../../../shared/audit/verify-chain.ts';
import { createAuditLog } from '../../../shared/audit/audit-log.ts';
import { instant } from '../../../shared/clock.ts';
import { packageRoot } from '../../../shared/package-root.ts';
import { openSqliteDocumentStore } from '../../../shared/store/sqlite-document-store.ts';
import { systemRandom } from '../../../shared/system-clock.ts';
import { listOf } from '../../support/list-of.ts';

let folder: string;
let entries: AuditEntry[];
const now = Date.UTC(2026, 5, 1);
const hostile = ['=1+1', "'=1", '+x', '-x', '@x', '\tx', '', 'a,"b"\r\nc', ' x ', '\uff1dx', 'Ωmega'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-'));
  const store = openSqliteDocumentStore({ file: join(folder, 'documents.sqlite') });
  const audit = createAuditLog({ store, clock: { now: () => now }, random: systemRandom });
  for (const text of hostile) {
    await audit.append({
      organizationId: 'org',
      actor: { kind: 'account', id: text, label: text },
      action: 'share.created',
      subject: { kind: 'share', id: 'share1', label: text, systemId: text },
      details: { [text]: text, n: 1, yes: true },
    });
  }
  await audit.append({ organizationId: 'org', actor: { kind: 'service', id: 's' }, action: 'share.expired' });
  entries = await listOf(audit.all('org'));
  await store.close();
});
afterAll(() => rm(folder, { recursive: true }));

async function* from(list: readonly AuditEntry[]): AsyncIterable<AuditEntry> {
  yield* list;
}

async function text(format: ExportFormat, list: readonly AuditEntry[] = entries): Promise<string> {
  const heading = { organizationId: 'org', exportedAt: instant(now) };
  return Buffer.concat(await listOf(exportText(from(list), format, heading))).toString();
}

/** `npm run audit:verify -- FILE`, without the build before it. */
async function verify(content: string, ...more: string[]): Promise<{ code: number; out: string }> {
  const file = join(folder, 'export');
  await writeFile(file, content);
  return new Promise((resolve) => {
    execFile(process.execPath, [join(packageRoot, 'local', 'audit-verify.ts'), file, ...more], (error, out) =>
      resolve({ code: error === null ? 0 : Number(error.code), out }),
    );
  });
}

describe.each(['json', 'csv'] as const)('an export as %s', (format) => {
  it('holds every entry as it is, so that the file alone verifies', async () => {
    const read = readExport(await text(format));
    expect(read.entries).toEqual(entries);
    expect(verifyChain(read.entries)).toMatchObject({ sound: true, entries: hostile.length + 1 });
  });

  it('of nothing reads as nothing', async () => {
    expect(readExport(await text(format, [])).entries).toEqual([]);
  });

  it('is checked by the command, which names the first broken link and ends with 1', async () => {
    const whole = await text(format);
    expect(await verify(whole)).toMatchObject({
      code: 0,
      out: expect.stringContaining('12 entries') as unknown,
    });
    const changed = await verify(whole.replaceAll('share.expired', 'share.revoked'));
    expect(changed).toMatchObject({
      code: 1,
      out: expect.stringContaining('the link to entry 12:') as unknown,
    });
    const gap = await verify(await text(format, entries.toSpliced(4, 1)));
    expect(gap).toMatchObject({ code: 1, out: expect.stringContaining('the link to entry 6:') as unknown });
  });

  it('that ends too early shows against a head that was noted', async () => {
    const cut = await text(format, entries.slice(0, 9));
    const head = entries.at(-1)?.hash ?? '';
    expect(await verify(cut)).toMatchObject({ code: 0 });
    expect(await verify(cut, '--head', head)).toMatchObject({ code: 1 });
    expect(await verify(await text(format), '--head', head)).toMatchObject({ code: 0 });
  });
});

it('says that JSON was cut off, wherever it was', async () => {
  const whole = await text('json');
  for (const length of [1, 50, whole.length >> 1, whole.length - 3])
    expect(() => readExport(whole.slice(0, length))).toThrow(NotAnExport);
});

it('holds no cell that a spreadsheet takes for a formula (OWASP, CSV injection)', async () => {
  for (const row of (await text('csv')).split('\r\n').slice(1))
    for (const cell of row.split(',')) expect(cell.replace(/^"/, '')).not.toMatch(/^[=+\-@\t\r\uff1d]/);
});

it('gives back from CSV whatever was written, nothing and the empty text apart', () => {
  const cell = fc.option(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...hostile)), {
    nil: undefined,
  });
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 1 }), { minLength: 1 }), (rows) => {
      expect(readCsv(rows.map(csvRow).join(''))).toEqual(rows);
    }),
  );
});

it('refuses what is no export, without a stack trace', async () => {
  for (const content of ['', 'x', '{}', '[]', '{"format":"drawbridge-audit","version":2}'])
    expect(await verify(content)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^BROKEN: /) as unknown,
    });
});
