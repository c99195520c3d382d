import type { Instant } from '../clock.ts';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';
import { UtcTime } from './utc-time.tsx';

export interface ReapprovalPageProps {
  readonly account: string;
  readonly csrf: string;
  readonly userCode: string;
  readonly systemName: string;
  readonly organizationName: string;
  /** The name that it was connected under. */
  readonly gatewayName: string;
  /** What it calls itself now. */
  readonly calledNow: string;
  readonly application?: string | undefined;
  /** As a sentence. */
  readonly why: string;
  /** Network address. */
  readonly requestedFrom: string;
  readonly requestedAt: Instant;
  readonly expiresAt: Instant;
  /** When the newest credentials were issued that it holds. */
  readonly keyIssuedAt: Instant;
  /** The gateway under that name whose credentials are good, if there is one. */
  readonly present?:
    { readonly seenAt?: Instant | undefined; readonly seenFrom?: string | undefined } | undefined;
  /** Further requests of the same gateway. */
  readonly others: readonly {
    readonly userCode: string;
    readonly from: string;
    readonly keyIssuedAt: Instant;
  }[];
}

/** POST /connect/decide with userCode and decision: `approve` or `deny`. */
export function ReapprovalPage(props: ReapprovalPageProps) {
  const { account, csrf, userCode, gatewayName, calledNow, systemName, application, present, others } = props;
  return (
    <Layout title="Connect this gateway again?" account={account} csrf={csrf} narrow>
      <div class="card stack">
        <h1>Connect this gateway again?</h1>
        <p class="user-code">{userCode}</p>
        <p>{props.why}</p>
        <p class="notice">
          Approve only if the console of the gateway shows exactly this code; have someone there look, or look
          at its status page. If it shows another code, or none, refuse: this is a copy.
        </p>
        {others.length > 0 && (
          <div class="notice stack">
            <p>
              {others.length === 1
                ? 'Another machine asks with credentials of the same gateway:'
                : `${others.length} other machines ask with credentials of the same gateway:`}
            </p>
            <ul class="stack">
              {others.map((other) => (
                <li>
                  <a href={portalPaths.connectCode(other.userCode)}>{other.userCode}</a> from {other.from},
                  credentials from <UtcTime at={other.keyIssuedAt} />
                </li>
              ))}
            </ul>
            <p>When you approve one, the others are refused.</p>
          </div>
        )}
        {present && (
          <p class="notice">
            A gateway of this name holds good credentials
            {present.seenAt !== undefined && (
              <>
                {' '}
                and was seen <UtcTime at={present.seenAt} />
                {present.seenFrom !== undefined && ` from ${present.seenFrom}`}
              </>
            )}
            . If you approve this request, that one is cut off, unless it is the same machine.
          </p>
        )}
        <dl class="facts">
          <dt>System</dt>
          <dd>
            {systemName} of {props.organizationName}
          </dd>
          <dt>Gateway</dt>
          <dd>{gatewayName}</dd>
          {calledNow !== gatewayName && (
            <>
              <dt>Calls itself</dt>
              <dd>{calledNow}</dd>
            </>
          )}
          {application !== undefined && (
            <>
              <dt>Application</dt>
              <dd>{application}</dd>
            </>
          )}
          <dt>Asks from</dt>
          <dd>{props.requestedFrom}</dd>
          <dt>Asked</dt>
          <dd>
            <UtcTime at={props.requestedAt} />
          </dd>
          <dt>Its credentials are from</dt>
          <dd>
            <UtcTime at={props.keyIssuedAt} />
          </dd>
          <dt>Decide until</dt>
          <dd>
            <UtcTime at={props.expiresAt} />, or under the next code that it shows
          </dd>
        </dl>
        <p class="muted">The system, its shares and its other gateways stay as they are.</p>
        <PostForm action={portalPaths.connectDecide} csrf={csrf} hidden={{ userCode }}>
          <div class="actions">
            <button name="decision" value="approve">
              Approve
            </button>
            <button name="decision" value="deny" class="quiet">
              Refuse
            </button>
          </div>
        </PostForm>
      </div>
    </Layout>
  );
}
