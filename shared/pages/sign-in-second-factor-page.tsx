import { ErrorSummary, Field, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

export interface SignInSecondFactorPageProps {
  /** What the first step gave. */
  readonly half: string;
  /** Where to go afterwards: a path of this portal. */
  readonly returnTo: string;
  readonly csrf: string;
  /** By field: `code`; the empty name for the whole form. */
  readonly errors?: FieldErrors | undefined;
}

/** POST /sign-in/second-factor with code, half, returnTo. */
export const SignInSecondFactorPage = ({ half, returnTo, csrf, errors }: SignInSecondFactorPageProps) => (
  <Layout title="Second step" narrow>
    <div class="card stack">
      <h1>Second step</h1>
      <p>Enter the code that your authenticator app shows now for Drawbridge.</p>
      <ErrorSummary errors={errors} fields={['code']} />
      <PostForm action={portalPaths.signInSecondFactor} csrf={csrf} hidden={{ half, returnTo }} class="stack">
        <Field
          name="code"
          label="Code from the app"
          hint="Lost your phone? Enter one of your recovery codes instead."
          errors={errors}
          input={{
            class: 'digits',
            autocomplete: 'one-time-code',
            maxLength: 20,
            spellcheck: false,
            autocapitalize: 'off',
            required: true,
            autofocus: true,
          }}
        />
        <div class="actions">
          <button>Sign in</button>
        </div>
      </PostForm>
    </div>
  </Layout>
);
