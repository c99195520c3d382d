import { ErrorSummary, Field, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

export interface SignInCodePageProps {
  readonly challengeId: string;
  readonly email: string;
  /** Where to go afterwards: a path of this portal. */
  readonly returnTo: string;
  readonly csrf: string;
  /** By field: `code`; the empty name for the whole form. */
  readonly errors?: FieldErrors | undefined;
}

/** POST /sign-in/code with code, challengeId, returnTo. A wrong code is not shown again. */
export const SignInCodePage = ({ challengeId, email, returnTo, csrf, errors }: SignInCodePageProps) => (
  <Layout title="Enter your code" narrow>
    <div class="card stack">
      <h1>Enter your code</h1>
      <p>
        We sent a code of six digits to <strong>{email}</strong>. It works for 10 minutes.
      </p>
      <ErrorSummary errors={errors} fields={['code']} />
      <PostForm action={portalPaths.signInCode} csrf={csrf} hidden={{ challengeId, returnTo }} class="stack">
        <Field
          name="code"
          label="Code from the e-mail"
          errors={errors}
          input={{
            class: 'digits',
            inputMode: 'numeric',
            autocomplete: 'one-time-code',
            // Room for spaces, with which people paste it.
            maxLength: 12,
            spellcheck: false,
            required: true,
            autofocus: true,
          }}
        />
        <div class="actions">
          <button>Sign in</button>
        </div>
      </PostForm>
      <p class="muted small">
        No e-mail after a minute? Look among unwanted mail, or{' '}
        <a href={`${portalPaths.signIn}?${new URLSearchParams({ returnTo }).toString()}`}>
          start over with another address or a new code
        </a>
        .
      </p>
    </div>
  </Layout>
);
