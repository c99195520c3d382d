import { instant } from '../../shared/clock.ts';
import { Badge } from '../../shared/pages/badge.tsx';
import { Layout } from '../../shared/pages/layout.tsx';
import { PostForm } from '../../shared/pages/post-form.tsx';
import { UtcTime } from '../../shared/pages/utc-time.tsx';
import type { GatewayStatus } from '../gateway-status.ts';
import type { SharedDashboard } from '../service-client.ts';

export interface ConsolePageProps {
  readonly csrf: string;
  /** Who is signed in, in words. */
  readonly who: string;
  readonly status: GatewayStatus;
  /** What the service lists as shared, or why it could not be asked. */
  readonly shares: readonly SharedDashboard[] | { readonly problem: string };
  /** Titles of dashboards by share, as this gateway knows them itself. */
  readonly titles: ReadonlyMap<string, string>;
  /** What was just done. */
  readonly done?: string | undefined;
}

/** What this gateway does, for whoever stands before the machine and may never have heard of it. */
export const ConsolePage = (props: ConsolePageProps) => {
  const { csrf, who, status, done } = props;
  return (
    <Layout title="Gateway console" narrow={false}>
      <div class="stack-wide">
        <div class="stack">
          <div class="section-head">
            <h1>This machine's gateway</h1>
            <PostForm action="/sign-out" csrf={csrf}>
              <span class="muted small">Signed in: {who} </span>
              <button class="plain-button">Sign out</button>
            </PostForm>
          </div>
          <p>
            It lets people outside look at chosen dashboards of this system, live. It only ever calls out:
            nobody outside can reach anything here but those dashboards, and nothing of them is kept outside.
            You can end it here at any time.
          </p>
          {done !== undefined && (
            <p class="notice" role="status">
              {done}
            </p>
          )}
          {status.problem !== undefined && <p class="errors">{status.problem}</p>}
        </div>
        <Connection status={status} />
        {status.state === 'connected' && (
          <>
            <Watching {...props} />
            <Shares {...props} />
          </>
        )}
        {status.state !== 'not-connected' && status.state !== 'deleted' && (
          <section class="card danger-zone stack">
            <h2>Disconnect</h2>
            <p>
              Ends the connection, and every shared dashboard with it, for good. People who watch now are cut
              off within a second.
            </p>
            <div class="actions">
              <a class="button danger" href="/disconnect">
                Disconnect…
              </a>
            </div>
          </section>
        )}
      </div>
    </Layout>
  );
};

const stateWords: Record<GatewayStatus['state'], readonly ['good' | 'warn' | 'bad' | 'plain', string]> = {
  connected: ['good', 'Connected'],
  pending: ['warn', 'Waiting for approval'],
  'not-connected': ['plain', 'Not connected'],
  disconnecting: ['warn', 'Disconnecting'],
  expired: ['bad', 'Credentials expired'],
  revoked: ['bad', 'Credentials revoked'],
  deleted: ['bad', 'Removed by the service'],
};

const reachText = {
  connected: 'The system answers: dashboards can be opened.',
  'system-unreachable': 'The system beside this gateway does not answer: dashboards cannot be opened.',
  'no-tunnel': 'There is no tunnel to the service just now: dashboards cannot be opened.',
  unknown: 'Unknown.',
} as const;

function Connection({ status }: { status: GatewayStatus }) {
  const [tone, words] = stateWords[status.state];
  const { service, system, organization, reach, connectedAt, pending } = status;
  return (
    <section>
      <div class="section-head">
        <h2>Connection</h2>
        <a href="/">Look again</a>
      </div>
      <div class="card stack">
        <dl class="facts">
          <dt>State</dt>
          <dd>
            <Badge tone={tone}>{words}</Badge>
          </dd>
          <dt>Service</dt>
          <dd>{service}</dd>
          {organization && (
            <>
              <dt>Organization</dt>
              <dd>{organization.name}</dd>
            </>
          )}
          {system && (
            <>
              <dt>This system is called</dt>
              <dd>{system.name}</dd>
            </>
          )}
          {connectedAt !== undefined && (
            <>
              <dt>Connected since</dt>
              <dd>
                <UtcTime at={instant(Date.parse(connectedAt))} />
              </dd>
            </>
          )}
          {reach && (
            <>
              <dt>Last contact</dt>
              <dd>
                <UtcTime
                  at={reach.lastSeenAt === undefined ? undefined : instant(Date.parse(reach.lastSeenAt))}
                />
              </dd>
              <dt>Now</dt>
              <dd>{reachText[reach.state]}</dd>
            </>
          )}
        </dl>
        {pending && (
          <p>
            Somebody asked to connect this system. It is not connected before an owner or admin approves the
            code <strong>{pending.userCode}</strong> at{' '}
            <a href={pending.verificationUriComplete} rel="noreferrer">
              {pending.verificationUri}
            </a>
            .
          </p>
        )}
        {status.state === 'not-connected' && (
          <p>Nothing is sent, and nobody outside sees anything. Connecting is up to an administrator here.</p>
        )}
      </div>
    </section>
  );
}

const Watching = ({ status, titles }: ConsolePageProps) => (
  <section>
    <div class="section-head">
      <h2>Watching now</h2>
    </div>
    {status.watchers.length === 0 ? (
      <p class="empty">Nobody is watching.</p>
    ) : (
      <ul class="rows">
        {status.watchers.map(({ recipient, shareId, since }) => (
          <li class="row">
            <div class="row-main">
              <p class="row-name">{recipient}</p>
              <p class="meta">
                <span>{titles.get(shareId) ?? `Share ${shareId}`}</span>
                <span>
                  since <UtcTime at={instant(since)} />
                </span>
              </p>
            </div>
          </li>
        ))}
      </ul>
    )}
  </section>
);

const shareStates: Readonly<Record<string, string>> = {
  active: 'Can be opened',
  paused: 'Paused',
};

const Shares = ({ shares, csrf }: ConsolePageProps) => (
  <section>
    <div class="section-head">
      <h2>Shared dashboards</h2>
    </div>
    {'problem' in shares ? (
      <p class="errors">The service could not be asked what is shared: {shares.problem}</p>
    ) : shares.length === 0 ? (
      <p class="empty">No dashboard is shared.</p>
    ) : (
      <ul class="rows">
        {shares.map(({ id, dashboard, recipients, status, createdAt }) => (
          <li class="row">
            <div class="row-main">
              <p class="row-name">{dashboard.title}</p>
              <p class="meta">
                <span>{shareStates[status] ?? status}</span>
                <span>
                  since <UtcTime at={instant(Date.parse(createdAt))} />
                </span>
                <span>for {recipients.map(({ email }) => email).join(', ')}</span>
              </p>
            </div>
            <PostForm action={`/shares/${id}/stop`} csrf={csrf}>
              <button class="quiet slight">
                Stop sharing<span class="visually-hidden"> {dashboard.title}</span>
              </button>
            </PostForm>
          </li>
        ))}
      </ul>
    )}
  </section>
);
