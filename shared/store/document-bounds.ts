import type { Document } from './document-store.ts';
import { DocumentTooLarge, InvalidDocument } from './store-errors.ts';

/** Cosmos DB takes 2 MB with its own system properties included, so a little is left for those. */
export const maximumDocumentBytes = 2_000_000;

/** Cosmos DB refuses these characters in an id, and its SDKs trip over the last two. */
const forbiddenInId = /[/\\?#\p{Cc}]/u;

/**
 * The JSON of a document that every adapter can hold.
 *
 * @throws DocumentTooLarge above `maximumDocumentBytes`
 * @throws InvalidDocument when id or partition key is not one that every adapter takes
 */
export function boundedJson(document: Document): string {
  checkKeys(document.pk, document.id);
  const json = JSON.stringify(document);
  const bytes = Buffer.byteLength(json);
  if (bytes > maximumDocumentBytes)
    throw new DocumentTooLarge(`The document is ${bytes} bytes long; ${maximumDocumentBytes} are allowed.`);
  return json;
}

/** Whether a document may have this partition key and id; if not, there is none. */
export function canBeKept(pk: string, id: string): boolean {
  try {
    checkKeys(pk, id);
    return true;
  } catch {
    return false;
  }
}

function checkKeys(pk: string, id: string): void {
  checkKey('id', id, 1023);
  if (forbiddenInId.test(id)) throw new InvalidDocument('A document id holds a forbidden character.');
  checkKey('partition key', pk, 2048);
}

function checkKey(what: string, value: unknown, maximumBytes: number): void {
  if (typeof value !== 'string' || value === '') throw new InvalidDocument(`A document needs a ${what}.`);
  if (!value.isWellFormed()) throw new InvalidDocument(`A document's ${what} is not well-formed Unicode.`);
  if (Buffer.byteLength(value) > maximumBytes)
    throw new InvalidDocument(`A document's ${what} is longer than ${maximumBytes} bytes.`);
}
