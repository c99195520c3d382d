import type { AuditLog } from '../audit/audit-log.ts';
import { verifyChain } from '../audit/verify-chain.ts';
import type { AuditEntry } from '../audit/audit-entry.ts';
import { organizationSchema } from '../organizations/organization.ts';
import { shareSchema } from '../shares/share.ts';
import {
  containerNames,
  type ContainerName,
  type Document,
  type DocumentStore,
} from '../store/document-store.ts';
import { gatewayRecordSchema } from '../systems/gateway-record.ts';
import { systemSchema } from '../systems/system.ts';
import { restorePolicies } from './restore-policy.ts';

export interface Finding {
  /** `broken` never happens, not even for a moment; `loose` may, while a change of several documents is under way. */
  readonly kind: 'broken' | 'loose';
  readonly container: ContainerName;
  readonly id: string;
  readonly what: string;
}

/** Looks whether the documents of a store fit each other. Reads everything; memory holds one audit chain at a time. */
export async function* checkInvariants(
  store: DocumentStore,
  audit: Pick<AuditLog, 'all'>,
): AsyncGenerator<Finding> {
  const there = async (container: ContainerName, pk: string, id = pk) =>
    (await store.read(container, pk, id)) !== undefined;
  const chains = new Set<string>();
  for (const container of containerNames) {
    for await (const document of store.scan(container)) {
      const finding = (kind: Finding['kind'], what: string): Finding => ({
        kind,
        container,
        id: document.id,
        what,
      });
      const policy = restorePolicies[container];
      if (policy.kind === 'chain') chains.add(document.pk);
      if (policy.kind === 'lost' && !policy.isSound(document))
        yield finding('broken', 'is not what its schema says');
      else for await (const [kind, what] of fits(container, document, there)) yield finding(kind, what);
    }
  }
  for (const organization of chains) {
    const broken = await chainFault(audit.all(organization));
    if (broken !== undefined)
      yield { kind: 'broken', container: 'audit', id: organization, what: `its chain is ${broken}` };
  }
}

type Fault = readonly [kind: Finding['kind'], what: string];
type There = (container: ContainerName, pk: string, id?: string) => Promise<boolean>;

async function* fits(container: ContainerName, document: Document, there: There): AsyncGenerator<Fault> {
  switch (container) {
    case 'organizations': {
      const { id, members, deletedAt } = organizationSchema.parse(document);
      if (deletedAt === undefined && !members.some(({ role }) => role === 'owner'))
        yield ['broken', 'has no owner'];
      for (const { accountId } of members)
        if (!(await there('memberships', accountId, id)))
          yield ['loose', 'has a member who does not find it'];
      return;
    }
    case 'systems': {
      const { organizationId } = systemSchema.parse(document);
      if (!(await there('organizations', organizationId))) yield ['loose', 'has no organization'];
      return;
    }
    case 'gateways': {
      const { systemId } = gatewayRecordSchema.parse(document);
      if (!(await there('systems', systemId))) yield ['loose', 'has no system'];
      return;
    }
    case 'shares': {
      const { id, status, systemId, allowlistId, recipients } = shareSchema.parse(document);
      if (status === 'ended') return;
      if (!(await there('systems', systemId))) yield ['loose', 'has no system'];
      if (!(await there('allowlists', id, allowlistId))) yield ['loose', 'has no allowlist'];
      for (const { accountId } of recipients)
        if (!(await there('grants', accountId, id))) yield ['loose', 'has a recipient who does not find it'];
      return;
    }
    default:
  }
}

async function chainFault(entries: AsyncIterable<AuditEntry>): Promise<string | undefined> {
  const chain: AuditEntry[] = [];
  for await (const entry of entries) chain.push(entry);
  const verdict = verifyChain(chain);
  return verdict.sound ? undefined : `${verdict.reason} at ${verdict.sequence}`;
}
