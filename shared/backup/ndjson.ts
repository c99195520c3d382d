import type { Document } from '../store/document-store.ts';
import { BackupUnusable } from './backup-unusable.ts';

const batchCharacters = 65_536;
/** Twice what a document may have, so that a line without end cannot fill the memory. */
const longestLine = 4_000_000;

/** One document a line, in pieces large enough to compress and seal well. */
export async function* writeNdjson(
  pages: AsyncIterable<readonly string[]>,
  counted: (documents: number) => void,
): AsyncGenerator<Buffer> {
  let batch: string[] = [];
  let characters = 0;
  const piece = () => {
    const text = `${batch.join('\n')}\n`;
    batch = [];
    characters = 0;
    return Buffer.from(text);
  };
  for await (const texts of pages) {
    counted(texts.length);
    for (const text of texts) {
      batch.push(text);
      characters += text.length;
      if (characters >= batchCharacters) yield piece();
    }
  }
  if (batch.length > 0) yield piece();
}

/** @throws BackupUnusable when a line is no document, or the last one is not ended */
export async function* readNdjson(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Document> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestLine) throw notDocuments();
    for (const line of lines) yield parseDocument(line);
  }
  if (rest !== '') throw notDocuments();
}

function parseDocument(line: string): Document {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw notDocuments();
  }
  if (!isDocument(value)) throw notDocuments();
  return value;
}

const isDocument = (value: unknown): value is Document =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  'pk' in value &&
  typeof value.pk === 'string';

const notDocuments = () => new BackupUnusable('damaged', 'The backup holds something that is no document.');
