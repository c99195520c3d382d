import type { Caller } from '../caller.ts';
import { findDashboard } from '../dashboards.ts';
import type { GatewayShare } from '../gateway-client.ts';
import { FormToken } from './layout.tsx';
import { Moment } from './moment.tsx';

/** One share in the list, with its recipients and the button that ends it. */
export function ShareItem({ caller, share }: { caller: Caller; share: GatewayShare }) {
  const dashboard = findDashboard(share.dashboard.id);
  return (
    <li class="panel">
      <div class="row">
        <h3>{dashboard ? <a href={dashboard.path}>{share.dashboard.title}</a> : share.dashboard.title}</h3>
        <span class={`badge ${share.status === 'active' ? 'none' : 'plain'}`}>{share.status}</span>
      </div>
      <dl class="facts">
        <dt>Link</dt>
        <dd class="link">
          <a href={share.url} target="_blank" rel="noopener noreferrer">
            {share.url}
          </a>
        </dd>
        <dt>Shared</dt>
        <dd>
          <Moment at={share.createdAt} />
          {share.expiresAt === undefined ? null : (
            <>
              , ends <Moment at={share.expiresAt} />
            </>
          )}
        </dd>
      </dl>
      <ul class="recipients">
        {share.recipients.map((recipient) => (
          <li>
            <span>{recipient.email}</span>
            <span class="hint">
              {recipient.lastOpenedAt === undefined ? (
                `invitation ${recipient.invitation ?? 'pending'}`
              ) : (
                <>
                  last opened <Moment at={recipient.lastOpenedAt} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
      <form method="post" action={`/sharing/shares/${encodeURIComponent(share.id)}/stop`} data-once>
        <FormToken caller={caller} />
        <button class="danger" type="submit" aria-label={`Stop sharing ${share.dashboard.title}`}>
          Stop sharing
        </button>
      </form>
    </li>
  );
}
