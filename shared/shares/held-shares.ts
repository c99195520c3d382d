import type { AuditActor } from '../audit/audit-log.ts';
import type { UntoldEvents } from '../audit/untold-events.ts';
import type { SystemId } from '../identifier.ts';
import type { OwnersNotice } from '../organizations/owners-notice.ts';
import type { Collection } from '../store/collection.ts';
import type { DocumentStore } from '../store/document-store.ts';
import { systemSchema, type System } from '../systems/system.ts';
import { shareSchema, type Share } from './share.ts';

export interface HeldSharesDependencies {
  readonly store: DocumentStore;
  readonly shares: Collection<Share>;
  readonly systems: Collection<System>;
  readonly untold: UntoldEvents<System>;
  readonly owners: Pick<OwnersNotice, 'sharesHeld'>;
}

interface Held {
  shares: number;
  /** Newest moment at which something of the system was held. */
  since: string;
}

/** What a restore brought back is held until an owner confirms it: what was revoked unheard must not be open. */
export function createHeldShares({ store, shares, systems, untold, owners }: HeldSharesDependencies) {
  async function* of(systemId: SystemId): AsyncGenerator<Share> {
    let continuation: string | undefined;
    do {
      const page: Awaited<ReturnType<typeof shares.query>> = await shares.query({
        where: [['systemId', '=', systemId]],
        limit: 100,
        ...(continuation !== undefined && { continuation }),
      });
      for (const { document } of page.items) if (document.heldSince !== undefined) yield document;
      continuation = page.continuation;
    } while (continuation !== undefined);
  }

  return {
    /** An owner says that the shares of a system that are held may be open. Repeating it is no error. */
    async confirm(system: System, actor: AuditActor): Promise<void> {
      let confirmed = 0;
      for await (const share of of(system.id)) {
        await shares.update(share.pk, share.id, ({ heldSince, ...current }) => {
          if (heldSince === undefined) return undefined;
          confirmed++;
          return current.status === 'paused' ? { ...current, status: 'active' } : current;
        });
      }
      await untold.change(system, ({ heldSince, ...current }) => {
        if (heldSince === undefined && confirmed === 0) return undefined;
        const subject = { kind: 'system', id: system.id, label: system.name };
        const event = {
          organizationId: system.organizationId,
          actor,
          action: 'system.confirmed',
          subject,
        } as const;
        return { document: current, events: [{ ...event, details: { shares: confirmed } }] };
      });
    },

    /** Asks the owners of everything that is held, once an event. Looks at every share. @returns systems */
    async ask(): Promise<number> {
      const held = new Map<SystemId, Held>();
      const note = (id: SystemId, since: string, count: number) => {
        const known = held.get(id) ?? { shares: 0, since };
        held.set(id, {
          shares: known.shares + count,
          since: since > known.since ? since : known.since,
        });
      };
      for await (const document of store.scan('shares')) {
        const { data } = shareSchema.safeParse(document);
        if (data?.heldSince !== undefined) note(data.systemId, data.heldSince, 1);
      }
      for await (const document of store.scan('systems')) {
        const { data } = systemSchema.safeParse(document);
        if (data?.heldSince !== undefined) note(data.id, data.heldSince, 0);
      }
      for (const [id, { shares: count, since }] of held) {
        const system = await systems.read(id);
        if (system) await owners.sharesHeld(system.document, count, since);
      }
      return held.size;
    },
  };
}

export type HeldShares = ReturnType<typeof createHeldShares>;
