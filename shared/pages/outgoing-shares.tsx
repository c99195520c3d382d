import type { Instant } from '../clock.ts';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';
import { type ShareStatus, ShareStatusBadge } from './share-status.tsx';
import { UtcTime } from './utc-time.tsx';

export interface OutgoingShare {
  readonly id: string;
  readonly dashboardTitle: string;
  readonly status: ShareStatus;
  /** It came back from a backup and waits for an owner's word. */
  readonly held?: boolean | undefined;
  readonly recipients: readonly {
    readonly email: string;
    readonly invitation: 'queued' | 'sent' | 'failed';
    readonly firstOpenedAt?: Instant | undefined;
    readonly lastOpenedAt?: Instant | undefined;
  }[];
  readonly createdAt: Instant;
  readonly expiresAt?: Instant | undefined;
  /** What a recipient opens. */
  readonly url: string;
}

type Recipient = OutgoingShare['recipients'][number];

interface OutgoingSharesProps {
  readonly systemId: string;
  readonly shares: readonly OutgoingShare[];
  readonly csrf: string;
  /** Whether the one who looks may pause, resume and stop. */
  readonly manage: boolean;
}

/** What a system shows, to whom. POST /systems/{id}/shares/{shareId}/pause, resume, delete. */
export const OutgoingShares = ({ systemId, shares, csrf, manage }: OutgoingSharesProps) =>
  shares.length === 0 ? (
    <p class="empty">
      Nothing is shared. Shares are made on the system itself: in its application, or with{' '}
      <code>drawbridge-gateway share</code>.
    </p>
  ) : (
    <ul class="rows">
      {shares.map((share) => (
        <li class="stack">
          <div class="row">
            <div class="row-main">
              <h3>{share.dashboardTitle}</h3>
              <p class="meta">
                <span>
                  Shared <UtcTime at={share.createdAt} />
                </span>
                <span>
                  Ends: <UtcTime at={share.expiresAt} never="when you stop it" />
                </span>
              </p>
              <p class="small">
                <a href={share.url}>{share.url}</a>
              </p>
            </div>
            <ShareStatusBadge status={share.status} />
          </div>
          <details open={share.recipients.length <= 5}>
            <summary>
              {share.recipients.length === 1 ? '1 person' : `${share.recipients.length} people`}
            </summary>
            <ul class="recipients">
              {share.recipients.map((recipient) => (
                <li>
                  <span>{recipient.email}</span>
                  <span class="muted small">
                    <Opened recipient={recipient} />
                  </span>
                </li>
              ))}
            </ul>
          </details>
          {manage && <ShareActions systemId={systemId} share={share} csrf={csrf} />}
        </li>
      ))}
    </ul>
  );

function Opened({ recipient }: { recipient: Recipient }) {
  if (recipient.firstOpenedAt !== undefined) {
    return (
      <>
        First opened <UtcTime at={recipient.firstOpenedAt} />, last <UtcTime at={recipient.lastOpenedAt} />
      </>
    );
  }
  switch (recipient.invitation) {
    case 'queued':
      return <>Invitation is being sent</>;
    case 'sent':
      return <>Invited, not opened yet</>;
    case 'failed':
      return <>The invitation could not be delivered</>;
  }
}

function ShareActions({ systemId, share, csrf }: { systemId: string; share: OutgoingShare; csrf: string }) {
  if (share.status === 'ended') return null;
  const of = <span class="visually-hidden">{` ${share.dashboardTitle}`}</span>;
  return (
    <div class="actions">
      {share.status === 'active' && (
        <PostForm action={portalPaths.share(systemId, share.id, 'pause')} csrf={csrf}>
          <button class="quiet slight">Pause{of}</button>
        </PostForm>
      )}
      {share.status === 'paused' && share.held !== true && (
        <PostForm action={portalPaths.share(systemId, share.id, 'resume')} csrf={csrf}>
          <button class="quiet slight">Resume{of}</button>
        </PostForm>
      )}
      <a class="button quiet slight" href={portalPaths.refusedCalls(systemId, share.id)}>
        Refused calls{of}
      </a>
      <details>
        <summary>Stop sharing{of}</summary>
        <PostForm action={portalPaths.share(systemId, share.id, 'delete')} csrf={csrf} class="row">
          <p>The link dies for everyone, also for those who look now.</p>
          <button class="danger slight">Stop for good</button>
        </PostForm>
      </details>
    </div>
  );
}
