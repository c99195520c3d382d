import { ErrorSummary, Field, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

export interface SignInPasswordPageProps {
  readonly email: string;
  /** Where to go afterwards: a path of this portal. */
  readonly returnTo: string;
  readonly csrf: string;
  /** By field: `email`, `password`; the empty name for the whole form. */
  readonly errors?: FieldErrors | undefined;
}

/** POST /sign-in/password with email, password, returnTo; or /sign-in, for a code after all. */
export const SignInPasswordPage = ({ email, returnTo, csrf, errors }: SignInPasswordPageProps) => (
  <Layout title="Sign in with a password" narrow>
    <div class="card stack">
      <h1>Sign in with a password</h1>
      <ErrorSummary errors={errors} fields={['email', 'password']} />
      <PostForm action={portalPaths.signInPassword} csrf={csrf} hidden={{ returnTo }} class="stack">
        <Field
          name="email"
          label="E-mail address"
          value={email}
          errors={errors}
          input={{ type: 'email', autocomplete: 'username', maxLength: 254, required: true }}
        />
        <Field
          name="password"
          label="Password"
          errors={errors}
          input={{ type: 'password', autocomplete: 'current-password', required: true, autofocus: true }}
        />
        <div class="actions">
          <button>Sign in</button>
          <button class="quiet" formAction={portalPaths.signIn}>
            Mail me a code instead
          </button>
        </div>
      </PostForm>
      <p class="muted small">
        Forgot it, or none yet? <a href={portalPaths.passwordLink}>Choose a password</a> by a link that we
        mail you.
      </p>
    </div>
  </Layout>
);
