import { z } from 'zod';
import type { Allowlist } from '../../shared/allowlist/rule.ts';
import { canonicalJson } from '../../shared/audit/canonical-json.ts';
import { sha256 } from '../../shared/identifier.ts';
import type { DashboardReference, ServiceUser } from '../adapters/on-prem-adapter.ts';
import { GatewayError } from '../gateway-error.ts';
import type { Seal } from './seal.ts';

const copySchema = z.object({
  /** Under which the service was asked for the share. */
  key: z.string(),
  /** Of what may be shown: the service keeps that itself, and cannot change it. */
  content: z.string(),
  serviceUser: z.object({ name: z.string(), password: z.string() }).optional(),
  /** When it was changed last, Unix milliseconds: an older one is not put back. */
  changedAt: z.number().int().optional(),
});

/**
 * What the other gateways of a system need to serve a share. It travels through the service, sealed: the service can
 * neither read the service user's password, nor make or widen a share that a gateway would accept.
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
    readonly serviceUser: ServiceUser | undefined;
    readonly changedAt?: number;
  },
): Promise<string> {
  const { key, serviceUser, changedAt } = share;
  const copy: ShareCopy = {
    key,
    content: hashOf(share),
    ...(serviceUser && { serviceUser }),
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
