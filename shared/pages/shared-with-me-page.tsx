import type { Instant } from '../clock.ts';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';
import { type ShareStatus, ShareStatusBadge } from './share-status.tsx';
import { UtcTime } from './utc-time.tsx';

export interface SharedWithMePageProps {
  readonly account: string;
  readonly shares: readonly {
    readonly id: string;
    readonly title: string;
    readonly from: string;
    readonly system: string;
    readonly status: ShareStatus;
    readonly expiresAt?: Instant | undefined;
    /** Opens the share. */
    readonly url: string;
  }[];
  readonly csrf: string;
}

/** POST /shared-with-me/{id}/leave. */
export const SharedWithMePage = ({ account, shares, csrf }: SharedWithMePageProps) => (
  <Layout title="Shared with me" account={account} csrf={csrf} current="shared-with-me">
    <div class="stack">
      <h1>Shared with me</h1>
      {shares.length === 0 ? (
        <div class="empty stack">
          <p>Nobody shares a dashboard with {account} now.</p>
          <p class="muted">
            If an invitation went to another address of yours, sign out and sign in with that one.
          </p>
        </div>
      ) : (
        <ul class="rows">
          {shares.map((share) => (
            <li class="row">
              <div class="row-main">
                <h2>{share.status === 'active' ? <a href={share.url}>{share.title}</a> : share.title}</h2>
                <p class="meta">
                  <span>
                    {share.from}, {share.system}
                  </span>
                  <span>
                    Until: <UtcTime at={share.expiresAt} never="it is withdrawn" />
                  </span>
                </p>
              </div>
              <div class="aside">
                <ShareStatusBadge status={share.status} />
                <details>
                  <summary>
                    Leave<span class="visually-hidden">{` ${share.title}`}</span>
                  </summary>
                  <PostForm action={portalPaths.leaveShare(share.id)} csrf={csrf} class="aside">
                    <p class="small">Only the sharer can let you in again.</p>
                    <button class="quiet slight">Remove me</button>
                  </PostForm>
                </details>
              </div>
            </li>
          ))}
        </ul>
      )}
    </div>
  </Layout>
);
