import type { Document, DocumentStore } from '../../../shared/store/document-store.ts';
import type { EmailSender } from '../../../shared/email/email-sender.ts';
import type { Faults } from './faults.ts';

/** The host that worked on a request died. */
export class ServiceDied extends Error {
  override name = 'ServiceDied';
}

/** The real store under a host that may die around each write, with another writer that may be faster. */
export function faultyStore(store: DocumentStore, faults: Faults): DocumentStore {
  async function around<T>(write: () => Promise<T>): Promise<T> {
    if (faults.strikes('service dies before a write')) throw new ServiceDied();
    const result = await write();
    if (faults.strikes('service dies after a write')) throw new ServiceDied();
    return result;
  }
  return {
    read: <T extends Document>(...parts: Parameters<DocumentStore['read']>) => store.read<T>(...parts),
    query: (container, query) => store.query(container, query),
    scan: (container) => store.scan(container),
    scanTexts: (container) => store.scanTexts(container),
    check: () => store.check(),
    close: () => store.close(),
    create: (container, document) => around(() => store.create(container, document)),
    remove: (...parts) => around(() => store.remove(...parts)),
    replace: (container, document, etag) =>
      around(async () => {
        if (faults.strikes('another writer is faster')) {
          const other = await store.read(container, document.pk, document.id);
          if (other !== undefined) await store.replace(container, other.document, other.etag);
        }
        return store.replace(container, document, etag);
      }),
  };
}

/** The real sender under such a host. @param onSent told what was delivered */
export function faultyEmail(email: EmailSender, faults: Faults, onSent: (text: string) => void): EmailSender {
  return {
    async send(message) {
      if (faults.strikes('service dies before or after an e-mail')) throw new ServiceDied();
      const outcome = await email.send(message);
      if (outcome.status === 'sent') onSent(message.text);
      if (faults.strikes('service dies before or after an e-mail')) throw new ServiceDied();
      return outcome;
    },
  };
}
