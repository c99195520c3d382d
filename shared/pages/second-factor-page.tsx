import type { Instant } from '../clock.ts';
import { ErrorSummary, Field, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';
import { QrCode } from './qr-code.tsx';
import { UtcTime } from './utc-time.tsx';

interface Signed {
  readonly account: string;
  readonly csrf: string;
}

export interface SecondFactorPageProps extends Signed {
  readonly state?: { readonly since: Instant; readonly recoveryCodesLeft: number } | undefined;
}

/** POST /account/second-factor/enrol; where it is on, …/recovery-codes and …/remove. */
export const SecondFactorPage = ({ account, csrf, state }: SecondFactorPageProps) => (
  <Layout title="Second step" account={account} csrf={csrf} current="account" narrow>
    {state === undefined ? (
      <div class="card stack">
        <h1>Set up a second step</h1>
        <p>
          Signing in then also asks for a code from an authenticator app on your phone. Getting hold of your
          mailbox or your password is then not enough to get in.
        </p>
        <p>Any app for one-time codes (TOTP) will do. Have it at hand, and continue.</p>
        <PostForm action={portalPaths.enrolSecondFactor} csrf={csrf} class="actions">
          <button>Continue</button>
          <a class="button quiet" href={portalPaths.account}>
            Cancel
          </a>
        </PostForm>
      </div>
    ) : (
      <div class="stack">
        <div class="card stack">
          <h1>Your second step</h1>
          <p>
            On since <UtcTime at={state.since} />. Recovery codes left: {state.recoveryCodesLeft}.
          </p>
          <p>New recovery codes take the place of the former ones.</p>
          <PostForm action={portalPaths.renewRecoveryCodes} csrf={csrf} class="actions">
            <button>Make new recovery codes</button>
            <a class="button quiet" href={portalPaths.account}>
              Back
            </a>
          </PostForm>
        </div>
        <div class="card danger-zone stack">
          <h2>Turn it off</h2>
          <p>
            Your mailbox or your password alone then lets in. Organizations that ask for a second step are
            closed to you until you set it up again; you also do so to move to another phone.
          </p>
          <PostForm action={portalPaths.removeSecondFactor} csrf={csrf}>
            <button class="danger">Turn it off</button>
          </PostForm>
        </div>
      </div>
    )}
  </Layout>
);

export interface EnrolSecondFactorPageProps extends Signed {
  /** What the app is set up with, sealed. */
  readonly sealed: string;
  /** RFC 4648 base32. */
  readonly secret: string;
  readonly uri: string;
  readonly modules: readonly (readonly boolean[])[];
  /** By field: `code`; the empty name for the whole form. */
  readonly errors?: FieldErrors | undefined;
}

/** POST /account/second-factor/confirm with code, sealed. */
export const EnrolSecondFactorPage = (props: EnrolSecondFactorPageProps) => (
  <Layout title="Set up your app" account={props.account} csrf={props.csrf} current="account" narrow>
    <div class="card stack">
      <h1>Set up your app</h1>
      <ErrorSummary errors={props.errors} fields={['code']} />
      <ol class="steps">
        <li class="stack">
          <p>
            Scan this with your authenticator app, or <a href={props.uri}>open it in the app</a> on this
            phone.
          </p>
          <QrCode modules={props.modules} label="QR code for your authenticator app" />
          <details>
            <summary>Type it instead</summary>
            <p>
              The key, time-based, 6 digits:
              <code class="command">{props.secret.replace(/.{4}(?=.)/g, '$& ')}</code>
            </p>
          </details>
        </li>
        <li>
          <PostForm
            action={portalPaths.confirmSecondFactor}
            csrf={props.csrf}
            hidden={{ sealed: props.sealed }}
            class="stack"
          >
            <Field
              name="code"
              label="Enter the code that the app shows"
              errors={props.errors}
              input={{
                class: 'digits',
                inputMode: 'numeric',
                autocomplete: 'one-time-code',
                maxLength: 12,
                spellcheck: false,
                required: true,
              }}
            />
            <div class="actions">
              <button>Turn it on</button>
              <a class="button quiet" href={portalPaths.account}>
                Cancel
              </a>
            </div>
          </PostForm>
        </li>
      </ol>
    </div>
  </Layout>
);

export interface RecoveryCodesPageProps extends Signed {
  readonly codes: readonly string[];
}

/** Shown once. */
export const RecoveryCodesPage = ({ account, csrf, codes }: RecoveryCodesPageProps) => (
  <Layout title="Your recovery codes" account={account} csrf={csrf} current="account" narrow>
    <div class="card stack">
      <h1>Your recovery codes</h1>
      <p>
        Each lets you in once, should you lose your phone. Keep them where your phone is not. They are not
        shown again.
      </p>
      <ul class="recovery-codes">
        {codes.map((code) => (
          <li>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div class="actions">
        <a class="button" href={portalPaths.account}>
          I have kept them
        </a>
      </div>
    </div>
  </Layout>
);
