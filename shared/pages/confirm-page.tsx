import { ErrorSummary, Field, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

export interface ConfirmPageProps {
  readonly title: string;
  /** What happens then. */
  readonly text: string;
  /** Where the answer is posted. */
  readonly action: string;
  readonly csrf: string;
  /** A name that has to be typed, as `confirm`. */
  readonly typedName?: string | undefined;
  /** On the button; the title without its question mark, when absent. */
  readonly label?: string | undefined;
  readonly cancelUrl?: string | undefined;
  /** Further values to post. */
  readonly hidden?: Readonly<Record<string, string>>;
  readonly account?: string | undefined;
  /** By field: `confirm`; the empty name for anything else. */
  readonly errors?: FieldErrors | undefined;
}

/** Asks once more before something that cannot be undone. */
export const ConfirmPage = (props: ConfirmPageProps) => (
  <Layout title={props.title} narrow account={props.account} csrf={props.csrf}>
    <div class="card stack">
      <h1>{props.title}</h1>
      <p>{props.text}</p>
      <ErrorSummary errors={props.errors} fields={['confirm']} />
      <PostForm action={props.action} csrf={props.csrf} hidden={props.hidden ?? {}} class="stack">
        {props.typedName !== undefined && (
          <Field
            name="confirm"
            label={`Type the name to confirm: ${props.typedName}`}
            errors={props.errors}
            input={{ autocomplete: 'off', spellcheck: false, required: true }}
          />
        )}
        <div class="actions">
          <button class="danger">{props.label ?? props.title.replace(/\?$/, '')}</button>
          <a class="button quiet" href={props.cancelUrl ?? portalPaths.home}>
            Cancel
          </a>
        </div>
      </PostForm>
    </div>
  </Layout>
);
