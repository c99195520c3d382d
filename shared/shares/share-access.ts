import type { Session, Sessions } from '../accounts/session.ts';
import { instant, type Clock } from '../clock.ts';
import { isShareId, type ShareId } from '../identifier.ts';
import type { Collection } from '../store/collection.ts';
import type { System } from '../systems/system.ts';
import { statusAt, type Recipient, type Share } from './share.ts';

export type ShareAccess =
  | {
      readonly kind: 'open';
      readonly share: Share;
      readonly recipient: Recipient;
      readonly session: Session;
    }
  /** Whose page a viewer gets instead. Only `ended` and `unknown` are told to people who are not recipients. */
  | {
      readonly kind: 'closed';
      readonly why: 'unknown' | 'ended' | 'sign-in' | 'wrong-account' | 'paused' | 'expired';
    };

export interface ShareAccessDependencies {
  readonly shares: Collection<Share>;
  readonly systems: Collection<System>;
  readonly sessions: Sessions;
  readonly clock: Clock;
}

const closed = (why: Extract<ShareAccess, { kind: 'closed' }>['why']): ShareAccess => ({
  kind: 'closed',
  why,
});

/** May this browser see this share now? Asked on every request, and again while a stream is open. */
export function createShareAccess({ shares, systems, sessions, clock }: ShareAccessDependencies) {
  /** The rules for someone whose identity is known. */
  async function forAccount(share: Share, accountId: string): Promise<Recipient | ShareAccess> {
    const recipient = share.recipients.find((each) => each.accountId === accountId);
    if (!recipient) return closed('wrong-account');
    const status = statusAt(share, instant(clock.now()));
    if (status !== 'active') return closed(status);
    const system = (await systems.read(share.systemId))?.document;
    if (system?.state !== 'connected') return closed('ended');
    return system.heldSince === undefined ? recipient : closed('paused');
  }

  return {
    /** @param cookie the value of the share's session cookie, if the browser sent one */
    async check(id: string, cookie: string | undefined): Promise<ShareAccess> {
      if (!isShareId(id)) return closed('unknown');
      const [stored, session] = await Promise.all([shares.read(id), sessions.share(cookie, id)]);
      const share = stored?.document;
      if (!share) return closed('unknown');
      if (share.status === 'ended') return closed('ended');
      if (!session) return closed('sign-in');
      const found = await forAccount(share, session.accountId);
      return 'kind' in found ? found : { kind: 'open', share, recipient: found, session };
    },

    /** The same question at the portal, for who is signed in there. */
    async checkAtPortal(id: string, portal: Session | undefined): Promise<ShareAccess> {
      const share = isShareId(id) ? (await shares.read(id))?.document : undefined;
      if (!share) return closed('unknown');
      if (share.status === 'ended') return closed('ended');
      if (!portal) return closed('sign-in');
      const found = await forAccount(share, portal.accountId);
      return 'kind' in found ? found : { kind: 'open', share, recipient: found, session: portal };
    },
  };
}

export type ShareAccessCheck = ReturnType<typeof createShareAccess>;

/** The share a host name belongs to: `{shareId}.{SHARE_DOMAIN}`. */
export function shareIdOfHost(host: string, shareDomain: string): ShareId | undefined {
  const suffix = `.${shareDomain}`;
  if (!host.toLowerCase().endsWith(suffix)) return undefined;
  const label = host.toLowerCase().slice(0, -suffix.length);
  return isShareId(label) ? label : undefined;
}
