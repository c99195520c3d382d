import { ErrorSummary, Field, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

export interface PasswordLinkPageProps {
  readonly csrf: string;
  readonly email?: string | undefined;
  /** By field: `email`; the empty name for the whole form. */
  readonly errors?: FieldErrors | undefined;
}

/** POST /password with email. */
export const PasswordLinkPage = ({ csrf, email, errors }: PasswordLinkPageProps) => (
  <Layout title="Choose a password" narrow>
    <div class="card stack">
      <h1>Choose a password</h1>
      <p>
        We mail you a link by which you choose a password: your first one, or another one if you forgot it.
      </p>
      <ErrorSummary errors={errors} fields={['email']} />
      <PostForm action={portalPaths.passwordLink} csrf={csrf} class="stack">
        <Field
          name="email"
          label="E-mail address"
          value={email}
          errors={errors}
          input={{ type: 'email', autocomplete: 'username', maxLength: 254, required: true, autofocus: true }}
        />
        <div class="actions">
          <button>Mail me a link</button>
          <a class="button quiet" href={portalPaths.signIn}>
            Back to sign-in
          </a>
        </div>
      </PostForm>
    </div>
  </Layout>
);

/** The same for every address. */
export const PasswordLinkSentPage = ({ email }: { readonly email: string }) => (
  <Layout title="Look at your mail" narrow>
    <div class="card stack">
      <h1>Look at your mail</h1>
      <p>
        We sent a link to <strong>{email}</strong>. It works once, for 30 minutes.
      </p>
      <p class="muted small">
        No e-mail after a minute? Look among unwanted mail, or{' '}
        <a href={portalPaths.passwordLink}>ask for another link</a>.
      </p>
    </div>
  </Layout>
);
