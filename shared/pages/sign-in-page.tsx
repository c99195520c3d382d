import { ErrorSummary, Field, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

export interface SignInPageProps {
  /** Where to go afterwards: a path of this portal. */
  readonly returnTo: string;
  readonly csrf: string;
  readonly email?: string | undefined;
  /** Whoever is signed in is asked to prove it once more. */
  readonly again?: boolean;
  /** Name of an OpenID provider at which people can sign in too. */
  readonly provider?: string | undefined;
  /** By field: `email`; the empty name for the whole form. */
  readonly errors?: FieldErrors | undefined;
}

/**
 * POST /sign-in with email, returnTo; or /sign-in/password with the same, for the page that asks for a password.
 * Both ways are offered to everyone, so the page tells nothing of the account.
 */
export const SignInPage = ({ returnTo, csrf, email, again = false, provider, errors }: SignInPageProps) => (
  <Layout title={again ? 'Sign in again' : 'Sign in'} narrow>
    <div class="card stack">
      <h1>{again ? 'Sign in again' : 'Sign in'}</h1>
      <p>
        {again
          ? 'What you are about to do needs a sign-in of the last 10 minutes.'
          : 'Enter your e-mail address and we mail you a code. New here? The same code makes your account.'}
      </p>
      <ErrorSummary errors={errors} fields={['email']} />
      <PostForm action={portalPaths.signIn} csrf={csrf} hidden={{ returnTo }} class="stack">
        <Field
          name="email"
          label="E-mail address"
          hint="If someone invited you, use the address that the invitation went to."
          value={email}
          errors={errors}
          input={{ type: 'email', autocomplete: 'username', maxLength: 254, required: true, autofocus: true }}
        />
        <div class="actions">
          <button>Mail me a code</button>
          <button class="quiet" formAction={portalPaths.signInPassword}>
            Use a password
          </button>
        </div>
      </PostForm>
      {provider !== undefined && (
        <div class="actions">
          <a
            class="button quiet"
            href={`${portalPaths.providerSignIn}?returnTo=${encodeURIComponent(returnTo.toWellFormed())}`}
          >
            Continue with {provider}
          </a>
        </div>
      )}
    </div>
  </Layout>
);
