import { ErrorSummary, Field, type FieldErrors } from '../../shared/pages/field.tsx';
import { Layout } from '../../shared/pages/layout.tsx';
import { PostForm } from '../../shared/pages/post-form.tsx';

export interface ConsoleSignInPageProps {
  readonly csrf: string;
  /** Whether the application beside the gateway can say who is an administrator. */
  readonly byPassword: boolean;
  /** Of a link that `drawbridge-gateway console` printed. */
  readonly code?: string | undefined;
  readonly name?: string | undefined;
  readonly errors?: FieldErrors | undefined;
}

/** POST /sign-in with name and password, or with the code of a link. */
export const ConsoleSignInPage = ({ csrf, byPassword, code, name, errors }: ConsoleSignInPageProps) => (
  <Layout title="Gateway console" narrow>
    <div class="card stack">
      <h1>This machine's gateway</h1>
      <p>
        A program on this machine, the Drawbridge gateway, can show chosen dashboards of the system beside it
        to people outside. Sign in to see what it does, and to end it.
      </p>
      {code !== undefined ? (
        <>
          <ErrorSummary errors={errors} fields={[]} />
          <PostForm action="/sign-in" csrf={csrf} hidden={{ code }} class="stack">
            <p>You followed a link that was made on this machine. It opens the console once.</p>
            <div class="actions">
              <button>Open the console</button>
            </div>
          </PostForm>
        </>
      ) : (
        <>
          <ErrorSummary errors={errors} fields={['name', 'password']} />
          {byPassword && (
            <PostForm action="/sign-in" csrf={csrf} class="stack">
              <Field
                name="name"
                label="Administrator"
                hint="As you sign in to the system itself."
                value={name}
                errors={errors}
                input={{ autocomplete: 'username', maxLength: 200, required: true }}
              />
              <Field
                name="password"
                label="Password"
                errors={errors}
                input={{ type: 'password', autocomplete: 'current-password', required: true }}
              />
              <div class="actions">
                <button>Sign in</button>
              </div>
            </PostForm>
          )}
          <p class={byPassword ? 'muted small' : ''}>
            {byPassword ? 'No password, or the system does not answer? ' : ''}Whoever administers this machine
            gets a link with <code>drawbridge-gateway console</code>.
          </p>
        </>
      )}
    </div>
  </Layout>
);
