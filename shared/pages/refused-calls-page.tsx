import type { Instant } from '../clock.ts';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';
import { UtcTime } from './utc-time.tsx';

export interface RefusedCallView {
  readonly id: string;
  readonly by: 'service' | 'gateway';
  readonly method: string;
  readonly target: string;
  readonly body?: string | undefined;
  readonly admissible: boolean;
  /** In words. */
  readonly nearestRule?: string | undefined;
  readonly difference: string;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
  readonly times: number;
}

export interface RefusedCallsPageProps {
  readonly account: string;
  readonly csrf: string;
  readonly system: { readonly id: string; readonly name: string };
  readonly share: {
    readonly id: string;
    readonly title: string;
    /** Calls were admitted here that the gateway has not accepted. */
    readonly waitsForGateway: boolean;
  };
  /** Newest first. */
  readonly calls: readonly RefusedCallView[];
}

/** What viewers of a share asked for in vain. POST /systems/{id}/shares/{shareId}/refused/{callId}. */
export const RefusedCallsPage = ({ account, csrf, system, share, calls }: RefusedCallsPageProps) => (
  <Layout title={`Refused calls of ${share.title}`} account={account} csrf={csrf}>
    <div class="stack-wide">
      <div class="stack">
        <div>
          <p class="trail">
            <a href={portalPaths.system(system.id)}>{system.name}</a>
          </p>
          <h1>Refused calls</h1>
          <p class="muted">
            What viewers of “{share.title}” asked for and did not get in the last 30 days. Viewers are not
            told why; here it says.
          </p>
        </div>
        {share.waitsForGateway && <WaitingNotice shareId={share.id} />}
      </div>
      {calls.length === 0 ? (
        <p class="empty">
          Nothing was refused. When a dashboard starts to make another call, it shows up here and you decide.
        </p>
      ) : (
        <ul class="rows">
          {calls.map((call) => (
            <li class="stack">
              <RefusedCallText call={call} />
              {call.admissible && call.by === 'service' && (
                <PostForm action={portalPaths.admitCall(system.id, share.id, call.id)} csrf={csrf}>
                  <button class="quiet slight">
                    Admit this call…
                    <span class="visually-hidden">{` ${call.method} ${call.target}`}</span>
                  </button>
                </PostForm>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  </Layout>
);

const WaitingNotice = ({ shareId }: { shareId: string }) => (
  <p class="notice">
    A call was admitted here and the gateway still refuses it: the on-prem side has the last word. Accept it
    there with <code>drawbridge-gateway accept {shareId}</code>.
  </p>
);

function RefusedCallText({ call }: { call: RefusedCallView }) {
  return (
    <div class="stack">
      <h2 class="call">
        <code>
          {call.method} {call.target}
        </code>
      </h2>
      {call.body !== undefined && (
        <details>
          <summary>Its body</summary>
          <code class="command">{call.body}</code>
        </details>
      )}
      <p>{call.difference}</p>
      {call.nearestRule !== undefined && (
        <p class="muted small">
          Closest is: <code class="call">{call.nearestRule}</code>
        </p>
      )}
      <p class="meta">
        <span>
          {call.times === 1 ? 'Once' : `${call.times} times`}, last <UtcTime at={call.lastAt} />
        </span>
        <span>{call.by === 'gateway' ? 'Refused by the gateway' : 'Refused by the service'}</span>
      </p>
      {!call.admissible && (
        <p class="muted small">
          It cannot be admitted: it was too long, carried a password, or cannot be read in one way.
        </p>
      )}
    </div>
  );
}
