import type { Factor } from '../accounts/factor.ts';
import type { Instant } from '../clock.ts';
import { Badge } from './badge.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';
import { UtcTime } from './utc-time.tsx';

export interface AccountPageProps {
  readonly account: string;
  readonly csrf: string;
  readonly passwordChangedAt?: Instant | undefined;
  readonly secondFactor?: { readonly since: Instant; readonly recoveryCodesLeft: number } | undefined;
  /** Newest first. */
  readonly sessions: readonly SessionView[];
}

export interface SessionView {
  readonly id: string;
  /** The one that looks. */
  readonly current: boolean;
  readonly createdAt: Instant;
  readonly source?: string | undefined;
  readonly browser?: string | undefined;
  readonly factors?: readonly Factor[] | undefined;
}

const factorText: Record<Factor, string> = {
  code: 'e-mailed code',
  password: 'password',
  provider: 'your organization’s sign-in',
  'provider-mfa': 'your organization’s sign-in, with several factors',
  totp: 'app',
  'recovery-code': 'recovery code',
};

/** How someone signs in, and where they are signed in. POST /account/sessions/end with session, …/end-others. */
export const AccountPage = (props: AccountPageProps) => {
  const { account, csrf, passwordChangedAt, secondFactor, sessions } = props;
  return (
    <Layout title="Your account" account={account} csrf={csrf} current="account">
      <div class="stack-wide">
        <div>
          <h1>Your account</h1>
          <p class="muted">{account}</p>
        </div>
        <section>
          <div class="section-head">
            <h2>Signing in</h2>
          </div>
          <ul class="rows">
            <li class="row">
              <div class="row-main">
                <p class="row-name">Password</p>
                <p class="muted small">
                  {passwordChangedAt === undefined ? (
                    'None. You sign in with a code that is mailed to you.'
                  ) : (
                    <>
                      Set on <UtcTime at={passwordChangedAt} />
                    </>
                  )}
                </p>
              </div>
              <a class="button quiet slight" href={portalPaths.accountPassword}>
                {passwordChangedAt === undefined ? 'Set a password' : 'Change the password'}
              </a>
            </li>
            <li class="row">
              <div class="row-main">
                <p class="row-name">
                  Second step{' '}
                  <Badge tone={secondFactor === undefined ? 'plain' : 'good'}>
                    {secondFactor === undefined ? 'Off' : 'On'}
                  </Badge>
                </p>
                <p class="muted small">
                  {secondFactor === undefined ? (
                    'A code from an app on your phone, besides your mailbox or password.'
                  ) : (
                    <>
                      Since <UtcTime at={secondFactor.since} />. Recovery codes left:{' '}
                      {secondFactor.recoveryCodesLeft}.
                    </>
                  )}
                </p>
              </div>
              <a class="button quiet slight" href={portalPaths.secondFactor}>
                {secondFactor === undefined ? 'Set up' : 'Manage'}
                <span class="visually-hidden"> the second step</span>
              </a>
            </li>
          </ul>
        </section>
        <section>
          <div class="section-head">
            <h2>Where you are signed in</h2>
            {sessions.length > 1 && (
              <PostForm action={portalPaths.endOtherSessions} csrf={csrf}>
                <button class="plain-button">Sign out everywhere else</button>
              </PostForm>
            )}
          </div>
          <ul class="rows">
            {sessions.map((session) => (
              <SessionRow session={session} csrf={csrf} />
            ))}
          </ul>
          <p class="muted small">Signing a browser out also ends the dashboards that it has open.</p>
        </section>
        <section>
          <div class="section-head">
            <h2>Leaving for good</h2>
          </div>
          <ul class="rows">
            <li class="row">
              <div class="row-main">
                <p class="row-name">Delete this account</p>
                <p class="muted small">With your place in organizations and in what is shared with you.</p>
              </div>
              <a class="button quiet slight" href={portalPaths.deleteAccount}>
                Delete<span class="visually-hidden"> this account</span>
              </a>
            </li>
          </ul>
        </section>
      </div>
    </Layout>
  );
};

const SessionRow = ({ session, csrf }: { session: SessionView; csrf: string }) => {
  const { id, current, createdAt, source, browser = 'Unknown browser', factors } = session;
  return (
    <li class="row">
      <div class="row-main">
        <p class="row-name">
          {browser} {current && <Badge tone="good">This browser</Badge>}
        </p>
        <p class="meta">
          <span>
            Since <UtcTime at={createdAt} />
          </span>
          {source !== undefined && <span>From {source}</span>}
          {factors !== undefined && (
            <span>By {factors.map((factor) => factorText[factor]).join(' and ')}</span>
          )}
        </p>
      </div>
      {!current && (
        <PostForm action={portalPaths.endSession} csrf={csrf} hidden={{ session: id }}>
          <button class="quiet slight">
            Sign out<span class="visually-hidden">{` ${browser}, from ${source ?? 'somewhere'}`}</span>
          </button>
        </PostForm>
      )}
    </li>
  );
};
