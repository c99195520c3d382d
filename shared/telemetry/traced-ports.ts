import type { AuditLog } from '../audit/audit-log.ts';
import type { BlobFolder } from '../blobs/blob-folder.ts';
import type { EmailSender } from '../email/email-sender.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import type { SmsSender } from '../sms/sms-sender.ts';
import type { DocumentStore } from '../store/document-store.ts';
import type { RelaySender } from '../tunnel/relay-sender.ts';
import type { Telemetry } from './telemetry.ts';
import { traced } from './traced.ts';

/** Which container, never which document: ids of accounts follow from addresses. */
const inContainer = (container: string) => ({ container });

export const tracedStore = (telemetry: Telemetry, store: DocumentStore): DocumentStore =>
  traced(telemetry, { kind: 'store', metric: 'drawbridge.store.calls' }, store, {
    read: inContainer,
    create: inContainer,
    replace: inContainer,
    remove: inContainer,
    query: inContainer,
  });

export const tracedSender = (telemetry: Telemetry, sender: RelaySender): RelaySender =>
  traced(telemetry, { kind: 'relay', metric: 'drawbridge.relay.requests' }, sender, {
    send: ({ method }) => ({ method }),
  });

const outcomeOf = (result: unknown) => (result as { status: string }).status;

/** @param message what is sent by it */
export const tracedEmail = (
  telemetry: Telemetry,
  email: EmailSender,
  message: 'invitation' | 'other' = 'other',
): EmailSender =>
  traced(telemetry, { kind: 'email', metric: 'drawbridge.messages', outcomeOf }, email, {
    send: () => ({ channel: 'email', message }),
  });

/** What the audit tells of: which action, never by or about whom. */
export const tracedAudit = (telemetry: Telemetry, audit: AuditLog): AuditLog =>
  traced(telemetry, { kind: 'audit', metric: 'drawbridge.events' }, audit, {
    append: ({ action }) => ({ action }),
    appendOnce: ({ action }) => ({ action }),
  });

export const tracedSms = (telemetry: Telemetry, sms: SmsSender): SmsSender =>
  traced(telemetry, { kind: 'sms', metric: 'drawbridge.messages', outcomeOf }, sms, {
    send: () => ({ channel: 'sms' }),
  });

export const tracedSecrets = (telemetry: Telemetry, secrets: SecretStore): SecretStore =>
  traced(telemetry, { kind: 'secrets', metric: 'drawbridge.secrets.calls' }, secrets, {
    current: (secret) => ({ secret }),
    version: (secret) => ({ secret }),
    versions: (secret) => ({ secret }),
  });

export const tracedBlobs = (telemetry: Telemetry, blobs: BlobFolder): BlobFolder =>
  traced(telemetry, { kind: 'backup', metric: 'drawbridge.backup.calls' }, blobs, {
    write: () => ({}),
    remove: () => ({}),
    removeFolder: () => ({}),
  });
