import type { Caller } from '../caller.ts';
import type { GatewayAnswer, GatewayShare, GatewayStatus } from '../gateway-client.ts';
import { FormToken, Notice, renderPage, type PageFrame } from './layout.tsx';
import { Moment } from './moment.tsx';
import { ShareItem } from './share-item.tsx';

type Frame = Pick<PageFrame, 'assets'> & { caller: Caller };

export interface SharingView {
  /** Missing where no gateway is set up. */
  readonly gatewayUrl: string | undefined;
  readonly status: GatewayAnswer<GatewayStatus> | undefined;
  readonly shares: GatewayAnswer<readonly GatewayShare[]> | undefined;
  /** What went wrong with the last button, in the gateway's words. */
  readonly trouble?: string | undefined;
}

/** Seconds: while someone is approving in another window. */
const PENDING_REFRESH = 2;

export const sharingPage = (frame: Frame, view: SharingView): string => {
  const { status, trouble } = view;
  const pending = status?.kind === 'answer' && status.value.pending !== undefined && trouble === undefined;
  return renderPage(
    { ...frame, title: 'Sharing', place: 'sharing', ...(pending ? { refresh: PENDING_REFRESH } : {}) },
    <>
      <h1>Sharing</h1>
      {trouble === undefined ? null : (
        <Notice kind="bad">
          <p>{trouble}</p>
        </Notice>
      )}
      <Connection frame={frame} view={view} />
      <Shares frame={frame} view={view} />
    </>,
  );
};

function Connection({ frame, view: { status, gatewayUrl } }: { frame: Frame; view: SharingView }) {
  if (status === undefined || gatewayUrl === undefined) {
    return (
      <section class="panel">
        <h2>Cloud connection</h2>
        <p>No gateway program is set up on this system, so nothing can be shared.</p>
      </section>
    );
  }
  if (status.kind !== 'answer') {
    return (
      <section class="panel">
        <h2>Cloud connection</h2>
        <Notice kind="bad">
          <p>
            <b>The gateway program cannot be asked.</b> {status.detail}
          </p>
        </Notice>
        <p>
          Expected at <code>{gatewayUrl}</code>. Monitoring goes on; sharing waits for the gateway.
        </p>
        <p class="actions">
          <a class="button" href="/sharing">
            Try again
          </a>
        </p>
      </section>
    );
  }
  return <State frame={frame} status={status.value} />;
}

const LABELS = {
  'not-connected': ['plain', 'Not connected'],
  pending: ['minor', 'Waiting for approval'],
  connected: ['none', 'Connected'],
  expired: ['major', 'Approval needed again'],
} as const;

function State({ frame, status }: { frame: Frame; status: GatewayStatus }) {
  const [colour, label] = LABELS[status.state];
  return (
    <section class="panel">
      <div class="row">
        <h2>Cloud connection</h2>
        <span class={`badge ${colour}`}>{label}</span>
      </div>
      {status.problem === undefined ? null : (
        <Notice kind="bad">
          <p>{status.problem}</p>
        </Notice>
      )}
      <Facts status={status} />
      {status.state === 'not-connected' ? (
        <p>
          Nothing leaves this system before it is connected. The connection goes out only: no port is opened,
          and you can end it here at any time.
        </p>
      ) : null}
      {status.state === 'expired' && !status.pending ? (
        <p>The credentials of this system are no longer valid. Connect again; its shares stay.</p>
      ) : null}
      {status.pending ? <Pending pending={status.pending} /> : null}
      <div class="actions">
        {status.state === 'connected' || status.pending ? null : (
          <form method="post" action="/sharing/connect" data-once>
            <FormToken caller={frame.caller} />
            <button type="submit">Connect to the cloud</button>
          </form>
        )}
        {status.state === 'not-connected' ? null : (
          <a class="button quiet" href="/sharing/disconnect">
            {status.state === 'pending' ? 'Cancel' : 'Disconnect'}
          </a>
        )}
      </div>
    </section>
  );
}

function Facts({ status: { organization, system, tunnel } }: { status: GatewayStatus }) {
  if (!organization && !system && !tunnel) return null;
  return (
    <dl class="facts">
      {organization ? (
        <>
          <dt>Organization</dt>
          <dd>{organization.name}</dd>
        </>
      ) : null}
      {system ? (
        <>
          <dt>This system</dt>
          <dd>{system.name}</dd>
        </>
      ) : null}
      {tunnel ? (
        <>
          <dt>Tunnel</dt>
          <dd>
            {tunnel.kind}
            {tunnel.since === undefined ? null : (
              <>
                {' '}
                since <Moment at={tunnel.since} />
              </>
            )}
          </dd>
        </>
      ) : null}
    </dl>
  );
}

function Pending({ pending }: { pending: NonNullable<GatewayStatus['pending']> }) {
  const link = pending.verificationUriComplete ?? pending.verificationUri;
  return (
    <div class="pending">
      <ol>
        <li>
          Open the verification page and sign in:
          <br />
          <a class="verification" href={link} target="_blank" rel="noopener noreferrer" autofocus>
            {pending.verificationUri}
          </a>
        </li>
        <li>
          Check that it shows this code, then approve:
          <br />
          <span class="code">{pending.userCode}</span>
        </li>
      </ol>
      <p class="hint">
        Valid until <Moment at={pending.expiresAt} />. This page notices by itself.
      </p>
    </div>
  );
}

function Shares({ frame, view: { shares } }: { frame: Frame; view: SharingView }) {
  if (shares === undefined) return null;
  return (
    <section aria-labelledby="shares">
      <h2 id="shares">Shared dashboards</h2>
      {shares.kind !== 'answer' ? (
        <Notice kind="bad">
          <p>The list cannot be shown: {shares.detail}</p>
        </Notice>
      ) : shares.value.length === 0 ? (
        <p>
          Nothing is shared. Open a <a href="/dashboards">dashboard</a> and press “Start sharing”.
        </p>
      ) : (
        <ul class="shares">
          {shares.value.map((share) => (
            <ShareItem caller={frame.caller} share={share} />
          ))}
        </ul>
      )}
    </section>
  );
}
