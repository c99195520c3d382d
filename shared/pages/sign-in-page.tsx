import { ErrorSummary, Field, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

export interface SignInPageProps {
  /** Where to go afterwards: a path of this portal. */
  readonly returnTo: string;
  readonly csrf: string;
  readonly email?: string | undefined;
  /** By field: `email`; the empty name for the whole form. */
  readonly errors?: FieldErrors | undefined;
}

/** POST /sign-in with email, returnTo. */
export const SignInPage = ({ returnTo, csrf, email, errors }: SignInPageProps) => (
  <Layout title="Sign in" narrow>
    <div class="card stack">
      <h1>Sign in</h1>
      <p>Enter your e-mail address and we mail you a code. There is no password.</p>
      <ErrorSummary errors={errors} fields={['email']} />
      <PostForm action={portalPaths.signIn} csrf={csrf} hidden={{ returnTo }} class="stack">
        <Field
          name="email"
          label="E-mail address"
          hint="If someone invited you, use the address that the invitation went to."
          value={email}
          errors={errors}
          input={{ type: 'email', autocomplete: 'email', maxLength: 254, required: true, autofocus: true }}
        />
        <div class="actions">
          <button>Mail me a code</button>
        </div>
      </PostForm>
    </div>
  </Layout>
);
