import { ErrorSummary, Field, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

export interface ConnectCodePageProps {
  readonly account: string;
  readonly csrf: string;
  /** As typed, or as the link said. */
  readonly userCode?: string | undefined;
  /** By field: `userCode`; the empty name for the whole form. */
  readonly errors?: FieldErrors | undefined;
}

/** RFC 8628 section 3.3. POST /connect/find with userCode. */
export const ConnectCodePage = ({ account, csrf, userCode, errors }: ConnectCodePageProps) => (
  <Layout title="Connect a system" account={account} csrf={csrf} narrow>
    <div class="card stack">
      <h1>Connect a system</h1>
      <p>
        Enter the code that your gateway shows. You see which system asks, and from where, before anything is
        connected.
      </p>
      <ErrorSummary errors={errors} fields={['userCode']} />
      <PostForm action={portalPaths.connectFind} csrf={csrf} class="stack">
        <Field
          name="userCode"
          label="Code from the gateway"
          hint="Eight letters, such as BCDF-GHJK."
          value={userCode}
          errors={errors}
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
      </PostForm>
    </div>
  </Layout>
);
