import { ErrorSummary, Field, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

/** The two fields of every form in which a password is chosen. The first lets password managers know whose it is. */
export const NewPasswordFields = ({ email, errors }: { email: string; errors: FieldErrors | undefined }) => (
  <>
    <Field
      name="email"
      label="Account"
      value={email}
      input={{ type: 'email', autocomplete: 'username', readOnly: true }}
    />
    <Field
      name="password"
      label="New password"
      hint="At least 8 characters; several words make a good one. Spaces and any letters may be in it."
      errors={errors}
      input={{ type: 'password', autocomplete: 'new-password', required: true, autofocus: true }}
    />
  </>
);

export interface PasswordChoosePageProps {
  readonly csrf: string;
  /** The secret of the link. */
  readonly token: string;
  readonly email: string;
  /** By field: `password`; the empty name for the whole form. */
  readonly errors?: FieldErrors | undefined;
}

/** Where the e-mailed link leads. POST /password/choose with token, password. */
export const PasswordChoosePage = ({ csrf, token, email, errors }: PasswordChoosePageProps) => (
  <Layout title="Choose your password" narrow>
    <div class="card stack">
      <h1>Choose your password</h1>
      <ErrorSummary errors={errors} fields={['password']} />
      <PostForm action={portalPaths.passwordChoose} csrf={csrf} hidden={{ token }} class="stack">
        <NewPasswordFields email={email} errors={errors} />
        <p class="muted small">Wherever you are signed in now, you are signed out.</p>
        <div class="actions">
          <button>Set the password</button>
        </div>
      </PostForm>
    </div>
  </Layout>
);

/** `dead`: the link was used or is too old. `chosen`: the password is set, and now opens the door. */
export const PasswordOutcomePage = ({ outcome }: { readonly outcome: 'dead' | 'chosen' }) => {
  const title = outcome === 'chosen' ? 'Your password is set' : 'This link works no longer';
  return (
    <Layout title={title} narrow>
      <div class="card stack">
        <h1>{title}</h1>
        <p>
          {outcome === 'chosen'
            ? 'Every former session was ended. Sign in with your new password.'
            : 'It was used, is older than 30 minutes, or your password was changed since. Ask for another one.'}
        </p>
        <div class="actions">
          {outcome === 'chosen' ? (
            <a class="button" href={portalPaths.signInPassword}>
              Sign in
            </a>
          ) : (
            <a class="button" href={portalPaths.passwordLink}>
              Ask for another link
            </a>
          )}
        </div>
      </div>
    </Layout>
  );
};
