import { ErrorSummary, Field, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';

export interface ConnectCodePageProps {
  readonly account: string;
  readonly csrf: string;
  /** As typed, or as the link said. */
  readonly userCode?: string | undefined;
  /** By field: `userCode`; the empty name for the whole form. */
  readonly errors?: FieldErrors | undefined;
}

/** RFC 8628 section 3.3. GET /connect with user_code. */
export const ConnectCodePage = ({ account, csrf, userCode, errors }: ConnectCodePageProps) => (
  <Layout title="Connect a system" account={account} csrf={csrf} narrow>
    <div class="card stack">
      <h1>Connect a system</h1>
      <p>
        Enter the code that your gateway shows. You see which system asks, and from where, before anything is
        connected.
      </p>
      <ErrorSummary errors={errors} fields={['userCode']} />
      {/* A GET, as the link with the code in it (RFC 8628 section 3.3.1) is: looking changes nothing. */}
      <form method="get" action={portalPaths.connect} class="stack" novalidate>
        <Field
          name="user_code"
          label="Code from the gateway"
          hint="Eight letters, such as BCDF-GHJK."
          value={userCode}
          errors={errors?.['userCode'] === undefined ? undefined : { user_code: errors['userCode'] }}
          input={{
            class: 'digits',
            autocomplete: 'off',
            autocapitalize: 'characters',
            spellcheck: false,
            maxLength: 20,
            required: true,
            autofocus: true,
          }}
        />
        <div class="actions">
          <button>Continue</button>
        </div>
      </form>
    </div>
  </Layout>
);
