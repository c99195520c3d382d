import { ErrorSummary, Field, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

export interface AccountDeletePageProps {
  readonly account: string;
  readonly csrf: string;
  /** Organizations that would be without an owner: while there are any, the account stays. */
  readonly onlyOwnerOf: readonly { readonly name: string; readonly slug: string }[];
  /** By field: `confirm`; the empty name for the whole form. */
  readonly errors?: FieldErrors | undefined;
}

/** POST /account/delete with confirm. */
export const AccountDeletePage = ({ account, csrf, onlyOwnerOf, errors }: AccountDeletePageProps) => (
  <Layout title="Delete your account" account={account} csrf={csrf} current="account" narrow>
    <div class="card stack">
      <h1>Delete your account</h1>
      <p>
        You leave every organization, and everything that was shared with you. Your password and your second
        step are forgotten, and every browser is signed out. No backup brings the account back.
      </p>
      <p class="muted small">
        Systems that you connected stay with their organizations. Their audit trails go on naming you for as
        long as they are kept.
      </p>
      <ErrorSummary errors={errors} fields={['confirm']} />
      {onlyOwnerOf.length > 0 ? (
        <Owned organizations={onlyOwnerOf} />
      ) : (
        <PostForm action={portalPaths.deleteAccount} csrf={csrf} class="stack">
          <Field
            name="confirm"
            label={`Type your address to confirm: ${account}`}
            errors={errors}
            input={{ autocomplete: 'off', spellcheck: false, required: true }}
          />
          <div class="actions">
            <button class="danger">Delete the account</button>
            <a class="button quiet" href={portalPaths.account}>
              Cancel
            </a>
          </div>
        </PostForm>
      )}
    </div>
  </Layout>
);

const Owned = ({ organizations }: { organizations: AccountDeletePageProps['onlyOwnerOf'] }) => (
  <>
    <p>An organization always has an owner, and these have none but you:</p>
    <ul class="rows">
      {organizations.map(({ name, slug }) => (
        <li class="row">
          <div class="row-main">
            <p class="row-name">{name}</p>
            <p class="muted small">Make someone else an owner there, or delete it.</p>
          </div>
          <a class="button quiet slight" href={portalPaths.organization(slug)}>
            Open<span class="visually-hidden"> {name}</span>
          </a>
        </li>
      ))}
    </ul>
    <div class="actions">
      <a class="button quiet" href={portalPaths.account}>
        Back
      </a>
    </div>
  </>
);

/** After it, for who is signed in no more. */
export const AccountDeletedPage = () => (
  <Layout title="Your account is deleted" narrow>
    <div class="card stack">
      <h1>Your account is deleted</h1>
      <p>You are signed out everywhere. Should you sign in again, an empty account begins.</p>
    </div>
  </Layout>
);
