import { join } from 'node:path';
import type { AuditAction } from '../../../shared/audit/audit-actions.ts';
import { auditEntrySchema, type AuditEntry } from '../../../shared/audit/audit-entry.ts';
import { createAuditLog } from '../../../shared/audit/audit-log.ts';
import { verifyChain } from '../../../shared/audit/verify-chain.ts';
import { organizationSchema } from '../../../shared/organizations/organization.ts';
import { shareSchema, type Share } from '../../../shared/shares/share.ts';
import { grantSchema } from '../../../shared/shares/shares.ts';
import { collection } from '../../../shared/store/collection.ts';
import type { DocumentStore } from '../../../shared/store/document-store.ts';
import { openSqliteDocumentStore } from '../../../shared/store/sqlite-document-store.ts';
import { systemClock, systemRandom } from '../../../shared/system-clock.ts';
import { gatewayRecordSchema } from '../../../shared/systems/gateway-record.ts';
import { systemSchema } from '../../../shared/systems/system.ts';

/** What holds in the store at any moment, whoever died when. Looked at while nobody runs. @returns complaints */
export async function brokenInvariants(
  dataDir: string,
  acknowledged: ReadonlySet<string>,
): Promise<string[]> {
  const store = openSqliteDocumentStore({ file: join(dataDir, 'documents.sqlite') });
  try {
    return [
      ...(await brokenChains(store, acknowledged)),
      ...(await untoldShares(store)),
      ...(await brokenOrganizations(store)),
      ...(await brokenShares(store)),
      ...(await brokenGateways(store)),
    ];
  } finally {
    await store.close();
  }
}

async function brokenChains(store: DocumentStore, acknowledged: ReadonlySet<string>): Promise<string[]> {
  const audit = createAuditLog({ store, clock: systemClock, random: systemRandom });
  const chains = new Set<string>();
  for await (const { pk } of store.scan('audit')) chains.add(pk);
  const complaints: string[] = [];
  const made = new Set<string>();
  for (const chain of chains) {
    const entries: AuditEntry[] = [];
    for await (const entry of audit.all(chain)) entries.push(entry);
    const verdict = verifyChain(entries);
    if (!verdict.sound) complaints.push(`the audit of ${chain}: ${verdict.reason} at ${verdict.sequence}`);
    for (const { action, subject } of entries) if (action === 'share.created') made.add(subject?.id ?? '');
  }
  for (const id of acknowledged)
    if (!made.has(id)) complaints.push(`share ${id} was acknowledged, and the audit says nothing of it`);
  return complaints;
}

/** Every share that was made or ended is in the audit, or marked as still to be told. */
async function untoldShares(store: DocumentStore): Promise<string[]> {
  const told = new Set<string>();
  for await (const document of store.scan('audit')) {
    const { action, subject } = auditEntrySchema.parse(document);
    told.add(`${action} ${subject?.id ?? ''}`);
  }
  const complaints: string[] = [];
  for await (const document of store.scan('shares')) {
    const { id, status, untold = [] } = shareSchema.parse(document);
    for (const { event } of untold) told.add(`${event.action} ${id}`);
    const due: AuditAction[] = status === 'ended' ? ['share.created', 'share.revoked'] : ['share.created'];
    for (const action of due)
      if (!told.has(`${action} ${id}`)) complaints.push(`nobody will tell of ${action} of share ${id}`);
  }
  return complaints;
}

async function brokenOrganizations(store: DocumentStore): Promise<string[]> {
  const organizations = collection(store, 'organizations', organizationSchema);
  const { items } = await organizations.query({ limit: 1000 });
  return items
    .filter(({ document: { members, deletedAt } }) => !deletedAt && !members.some((m) => m.role === 'owner'))
    .map(({ document }) => `organization ${document.id} has no owner`);
}

async function brokenShares(store: DocumentStore): Promise<string[]> {
  const shares = collection(store, 'shares', shareSchema);
  const grants = collection(store, 'grants', grantSchema);
  const systems = collection(store, 'systems', systemSchema);
  const complaints: string[] = [];
  let continuation: string | undefined;
  do {
    const page: Awaited<ReturnType<typeof shares.query>> = await shares.query({
      limit: 500,
      ...(continuation !== undefined && { continuation }),
    });
    for (const { document } of page.items) {
      if (!(await systems.read(document.systemId))) complaints.push(`share ${document.id} has no system`);
      complaints.push(...outbox(document));
      if (document.status === 'ended') continue;
      for (const { accountId } of document.recipients) {
        if (!(await grants.read(accountId, document.id)))
          complaints.push(`share ${document.id} is not found by one of its recipients`);
      }
    }
    ({ continuation } = page);
  } while (continuation !== undefined);
  return complaints;
}

/** What waits to be sent is found by the sweep. */
function outbox({ id, status, recipients, sweepAt }: Share): string[] {
  if (status === 'ended')
    return recipients.length === 0 ? [] : [`share ${id} has ended and names recipients`];
  const waits = status === 'active' && recipients.some(({ invitation }) => invitation.state === 'queued');
  return waits && sweepAt === undefined ? [`share ${id} has an invitation that nobody will send`] : [];
}

async function brokenGateways(store: DocumentStore): Promise<string[]> {
  const { items } = await collection(store, 'gateways', gatewayRecordSchema).query({ limit: 1000 });
  return items
    .filter(({ document }) => document.state === 'revoked')
    .map(({ document }) => `gateway ${document.id} was shut out: ${document.stateReason ?? ''}`);
}
