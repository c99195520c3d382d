import { ErrorSummary, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { NewPasswordFields } from './password-choose-page.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

export interface AccountPasswordPageProps {
  readonly account: string;
  readonly csrf: string;
  readonly hasPassword: boolean;
  /** By field: `password`; the empty name for the whole form. */
  readonly errors?: FieldErrors | undefined;
}

/** POST /account/password with password; /account/password/remove. */
export const AccountPasswordPage = ({ account, csrf, hasPassword, errors }: AccountPasswordPageProps) => {
  const title = hasPassword ? 'Change your password' : 'Set a password';
  return (
    <Layout title={title} account={account} csrf={csrf} current="account" narrow>
      <div class="stack">
        <div class="card stack">
          <h1>{title}</h1>
          <ErrorSummary errors={errors} fields={['password']} />
          <PostForm action={portalPaths.accountPassword} csrf={csrf} class="stack">
            <NewPasswordFields email={account} errors={errors} />
            <p class="muted small">Wherever else you are signed in, you are signed out.</p>
            <div class="actions">
              <button>{hasPassword ? 'Change the password' : 'Set the password'}</button>
              <a class="button quiet" href={portalPaths.account}>
                Cancel
              </a>
            </div>
          </PostForm>
        </div>
        {hasPassword && (
          <div class="card stack">
            <h2>Do without a password</h2>
            <p>You then sign in with a code that is mailed to you.</p>
            <PostForm action={portalPaths.removePassword} csrf={csrf}>
              <button class="quiet">Remove the password</button>
            </PostForm>
          </div>
        )}
      </div>
    </Layout>
  );
};
