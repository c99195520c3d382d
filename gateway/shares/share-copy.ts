import { z } from 'zod';
import type { Allowlist } from '../../shared/allowlist/rule.ts';
import { canonicalJson } from '../../shared/audit/canonical-json.ts';
import { sha256 } from '../../shared/identifier.ts';
import type { DashboardReference } from '../adapters/on-prem-adapter.ts';
import { GatewayError } from '../gateway-error.ts';
import type { Seal } from './seal.ts';

const copySchema = z.object({
  /** Under which the service was asked for the share. */
  key: z.string(),
  /** Of what may be shown: the service keeps that itself, and cannot change it. */
  content: z.string(),
  /** When it was changed last, Unix milliseconds: an older one is not put back. */
  changedAt: z.number().int().optional(),
});

/**
 * By what the other gateways of a system know that one of them made a share. It travels through the service, sealed: the
 * service can neither make nor widen a share that a gateway would accept. It holds no password: each gateway makes a
 * service user of its own.
 */
export type ShareCopy = z.infer<typeof copySchema>;

export interface SharedContent {
  readonly dashboard: Pick<DashboardReference, 'id' | 'entryPath' | 'items'>;
  readonly allowlist: Allowlist;
}

const contextOf = (systemId: string) => `share of ${systemId}`;

const hashOf = ({ dashboard: { id, entryPath, items }, allowlist }: SharedContent): string =>
  sha256(canonicalJson({ id, entryPath, items, allowlist }));

export async function sealCopy(
  seal: Seal,
  systemId: string,
  share: SharedContent & {
    readonly key: string;
    readonly changedAt?: number;
  },
): Promise<string> {
  const { key, changedAt } = share;
  const copy: ShareCopy = {
    key,
    content: hashOf(share),
    ...(changedAt !== undefined && { changedAt }),
  };
  return seal.seal(JSON.stringify(copy), contextOf(systemId));
}

/** @throws GatewayError `state-damaged` when it was sealed with another key, or for other content */
export async function openCopy(
  seal: Seal,
  systemId: string,
  sealed: string,
  content: SharedContent,
): Promise<ShareCopy> {
  const parsed = copySchema.safeParse(JSON.parse(await seal.open(sealed, contextOf(systemId))));
  if (!parsed.success || parsed.data.content !== hashOf(content)) {
    throw new GatewayError('state-damaged', 'The share is not what the gateway that made it sealed.');
  }
  return parsed.data;
}
