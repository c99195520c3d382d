import { z } from 'zod';
import type { Instant } from '../clock.ts';
import { csvRow, readCsv } from './audit-csv.ts';
import { auditEntrySchema, firstPrevious, type AuditEntry } from './audit-entry.ts';

export const exportFormats = ['json', 'csv'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportHeading {
  readonly organizationId: string;
  readonly exportedAt: Instant;
}

/** A page of entries is sent as one piece: small enough to hold, large enough to be quick. */
const pieceCharacters = 64_000;

/**
 * A whole chain as text, oldest first, piece by piece. JSON has one entry a line and, behind them, how many there
 * are and the hash of the last, so that a file that was cut off shows; CSV is RFC 4180.
 */
export function exportText(
  entries: AsyncIterable<AuditEntry>,
  format: ExportFormat,
  heading: ExportHeading,
): AsyncIterable<Uint8Array> {
  return inPieces(format === 'csv' ? csvText(entries) : jsonText(entries, heading));
}

async function* jsonText(entries: AsyncIterable<AuditEntry>, heading: ExportHeading): AsyncIterable<string> {
  yield `{"format":"drawbridge-audit","version":1,${JSON.stringify(heading).slice(1, -1)},"entries":[`;
  let count = 0;
  let head = firstPrevious;
  for await (const entry of entries) {
    yield `${count === 0 ? '' : ','}\n${JSON.stringify(entry)}`;
    count++;
    head = entry.hash;
  }
  yield `\n],"count":${count},"head":"${head}"}\n`;
}

const csvHeading =
  'sequence,organization,at,action,actorKind,actorId,actor,subjectKind,subjectId,subject,subjectSystem,details,key,previous,hash';

async function* csvText(entries: AsyncIterable<AuditEntry>): AsyncIterable<string> {
  yield `${csvHeading}\r\n`;
  for await (const { id, pk, at, action, actor, subject, details, key, previous, hash } of entries) {
    const facts = details && JSON.stringify(details);
    const about = [subject?.kind, subject?.id, subject?.label, subject?.systemId];
    yield csvRow([
      id,
      pk,
      at,
      action,
      actor.kind,
      actor.id,
      actor.label,
      ...about,
      facts,
      key,
      previous,
      hash,
    ]);
  }
}

async function* inPieces(texts: AsyncIterable<string>): AsyncIterable<Uint8Array> {
  let piece = '';
  for await (const text of texts) {
    piece += text;
    if (piece.length < pieceCharacters) continue;
    yield Buffer.from(piece);
    piece = '';
  }
  yield Buffer.from(piece);
}

export class NotAnExport extends Error {
  override name = 'NotAnExport';
}

const jsonExport = z.object({
  format: z.literal('drawbridge-audit'),
  version: z.literal(1, 'of a version that this program does not know'),
  entries: z.array(auditEntrySchema),
  count: z.number(),
  head: z.string(),
});

export interface ReadExport {
  readonly entries: readonly AuditEntry[];
  /** What the file itself says that its last hash is; CSV says nothing. */
  readonly head?: string;
}

/** Reads what `exportText` wrote. @throws NotAnExport that says where it is none */
export function readExport(text: string): ReadExport {
  if (!text.startsWith('{')) return { entries: entriesOfCsv(text) };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new NotAnExport('The file is no whole JSON: it was cut off or damaged.', { cause: error });
  }
  const parsed = jsonExport.safeParse(value);
  if (!parsed.success) throw new NotAnExport(`Not an export of the audit: ${whereOf(parsed.error)}.`);
  const { entries, count, head } = parsed.data;
  if (entries.length !== count || (entries.at(-1)?.hash ?? firstPrevious) !== head) {
    throw new NotAnExport(`The file says ${count} entries up to ${head}, and does not end there.`);
  }
  return { entries, head };
}

function entriesOfCsv(text: string): AuditEntry[] {
  const lines = readCsv(text);
  if (lines.shift()?.join(',') !== csvHeading) throw new NotAnExport('Not an export of the audit.');
  return lines.map((cells, line) => {
    const [id, pk, at, action, actorKind, actorId, actor, kind, subjectId, subject, systemId, ...rest] =
      cells;
    const [details, key, previous, hash] = rest;
    const entry = auditEntrySchema.safeParse({
      id,
      pk,
      schemaVersion: 1,
      key,
      at,
      actor: { kind: actorKind, id: actorId, ...(actor !== undefined && { label: actor }) },
      action,
      ...(kind !== undefined && {
        subject: {
          kind,
          id: subjectId,
          ...(subject !== undefined && { label: subject }),
          ...(systemId !== undefined && { systemId }),
        },
      }),
      ...(details !== undefined && { details: detailsOf(details) }),
      previous,
      hash,
    });
    if (!entry.success) throw new NotAnExport(`Row ${line + 2} is no entry: ${whereOf(entry.error)}.`);
    return entry.data;
  });
}

function detailsOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const whereOf = (error: z.ZodError): string =>
  error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`)
    .join('; ');
