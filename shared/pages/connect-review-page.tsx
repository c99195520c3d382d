import type { Instant } from '../clock.ts';
import { ErrorSummary, Field, FieldError, type FieldErrors, fieldId } from './field.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';
import { UtcTime } from './utc-time.tsx';

export interface ConnectReviewPageProps {
  readonly account: string;
  readonly csrf: string;
  readonly userCode: string;
  readonly gatewayName: string;
  readonly application?: string | undefined;
  /** Network address of the gateway. */
  readonly requestedFrom: string;
  readonly requestedAt: Instant;
  readonly expiresAt: Instant;
  /** Those in which the account may connect systems. */
  readonly organizations: readonly { readonly id: string; readonly name: string; readonly slug: string }[];
  /** Those to which the account may add a gateway. */
  readonly systems: readonly {
    readonly id: string;
    readonly name: string;
    readonly organizationName: string;
  }[];
  /** What was entered before, by field. */
  readonly values?: Readonly<Partial<Record<ConnectField, string>>> | undefined;
  /** By field; the empty name for anything else. */
  readonly errors?: FieldErrors | undefined;
  readonly termsUrl?: string | undefined;
}

/** `target` is `new` or `existing`; `organization` is an id or `new`; `terms` is `accepted` or absent. */
export type ConnectField =
  | 'target'
  | 'existing'
  | 'organization'
  | 'organizationName'
  | 'organizationSlug'
  | 'systemName'
  | 'systemSlug'
  | 'terms';

const slugHint = 'Lower case letters, digits and hyphens, for addresses. It cannot be changed later.';

/** POST /connect/decide with userCode, decision (`approve` or `deny`) and the {@link ConnectField}s. */
export function ConnectReviewPage(props: ConnectReviewPageProps) {
  const { account, csrf, userCode, gatewayName, application, organizations, values = {}, errors } = props;
  const fields = ['existing', 'organizationName', 'organizationSlug', 'systemName', 'systemSlug', 'terms'];
  const first = organizations[0] === undefined ? fields : ['organization', ...fields];
  return (
    <Layout title="Connect this system?" account={account} csrf={csrf} narrow>
      <div class="card stack">
        <h1>Connect this system?</h1>
        <ErrorSummary errors={errors} fields={first} />
        <p class="user-code">{userCode}</p>
        <p class="notice">
          Does your gateway show exactly this code, and did you start it? If not, choose Deny: someone may
          want you to connect a system of theirs.
        </p>
        <dl class="facts">
          <dt>Gateway</dt>
          <dd>{gatewayName}</dd>
          {application !== undefined && (
            <>
              <dt>Application</dt>
              <dd>{application}</dd>
            </>
          )}
          <dt>Asks from</dt>
          <dd>{props.requestedFrom}</dd>
          <dt>Asked</dt>
          <dd>
            <UtcTime at={props.requestedAt} />
          </dd>
          <dt>Decide until</dt>
          <dd>
            <UtcTime at={props.expiresAt} />
          </dd>
        </dl>
        <PostForm action={portalPaths.connectDecide} csrf={csrf} hidden={{ userCode }} class="stack-wide">
          <Target systems={props.systems} values={values} errors={errors} />
          <div class="stack-wide new-system">
            <OrganizationChoice organizations={organizations} values={values} errors={errors} />
            <section class="stack">
              <h2>The system</h2>
              <Field
                name="systemName"
                label="Name of the system"
                hint="What people call it, such as Plant 4."
                value={values.systemName}
                errors={errors}
                input={{ maxLength: 80, autocomplete: 'off', required: true }}
              />
              <Field
                name="systemSlug"
                label="Short name of the system"
                hint={slugHint}
                value={values.systemSlug}
                errors={errors}
                input={{
                  maxLength: 40,
                  autocomplete: 'off',
                  autocapitalize: 'none',
                  spellcheck: false,
                  required: true,
                }}
              />
            </section>
          </div>
          <Terms accepted={values.terms === 'accepted'} error={errors?.['terms']} url={props.termsUrl} />
          <div class="actions">
            <button name="decision" value="approve">
              Approve
            </button>
            <button name="decision" value="deny" class="quiet">
              Deny
            </button>
          </div>
        </PostForm>
      </div>
    </Layout>
  );
}

type TargetProps = Pick<ConnectReviewPageProps, 'systems' | 'errors'> & {
  readonly values: NonNullable<ConnectReviewPageProps['values']>;
};

/** Asked only where there is a system that another gateway could serve. */
function Target({ systems, values, errors }: TargetProps) {
  if (systems.length === 0) return null;
  const chosen = values.target ?? 'new';
  const error = errors?.['existing'];
  return (
    <section class="stack">
      <h2 id="target-heading">What does it connect?</h2>
      <fieldset class="choices" aria-labelledby="target-heading">
        {[
          ['new', 'A new system'],
          ['existing', 'One more gateway of a system that is connected already'],
        ].map(([value, label]) => (
          <div class="choice">
            <input
              type="radio"
              name="target"
              value={value}
              id={fieldId('target', `${value}-`)}
              checked={chosen === value}
            />
            <label for={fieldId('target', `${value}-`)}>{label}</label>
          </div>
        ))}
      </fieldset>
      <div class="field existing-system">
        <label for={fieldId('existing')}>System</label>
        <p class="hint" id={`${fieldId('existing')}-hint`}>
          The new gateway serves the same shares, and goes on when another one fails.
        </p>
        <FieldError id={`${fieldId('existing')}-error`} message={error} />
        <select
          name="existing"
          id={fieldId('existing')}
          aria-describedby={`${fieldId('existing')}-hint${error === undefined ? '' : ` ${fieldId('existing')}-error`}`}
          aria-invalid={error === undefined ? undefined : 'true'}
        >
          {systems.map(({ id, name, organizationName }) => (
            <option value={id} selected={values.existing === id}>
              {name}, {organizationName}
            </option>
          ))}
        </select>
      </div>
    </section>
  );
}

type OrganizationChoiceProps = Pick<ConnectReviewPageProps, 'organizations' | 'errors'> & {
  readonly values: NonNullable<ConnectReviewPageProps['values']>;
};

function OrganizationChoice({ organizations, values, errors }: OrganizationChoiceProps) {
  const chosen = values.organization ?? organizations[0]?.id ?? 'new';
  const created = (
    <div class="stack">
      <Field
        name="organizationName"
        label="Name of the organization"
        value={values.organizationName}
        errors={errors}
        input={{ maxLength: 80, autocomplete: 'organization' }}
      />
      <Field
        name="organizationSlug"
        label="Short name of the organization"
        hint={slugHint}
        value={values.organizationSlug}
        errors={errors}
        input={{ maxLength: 40, autocomplete: 'off', autocapitalize: 'none', spellcheck: false }}
      />
    </div>
  );
  if (organizations.length === 0) {
    return (
      <section class="stack">
        <h2>Your organization</h2>
        <input type="hidden" name="organization" value="new" />
        {created}
      </section>
    );
  }
  return (
    <section class="stack">
      <h2 id="organization-heading">Organization</h2>
      <fieldset class="choices" aria-labelledby="organization-heading">
        <FieldError id="field-organization-error" message={errors?.['organization']} />
        {organizations.map(({ id, name, slug }, index) => (
          <div class="choice">
            <input
              type="radio"
              name="organization"
              value={id}
              id={index === 0 ? fieldId('organization') : fieldId('organization', `${index}-`)}
              checked={chosen === id}
            />
            <label for={index === 0 ? fieldId('organization') : fieldId('organization', `${index}-`)}>
              {name} <span class="muted">({slug})</span>
            </label>
          </div>
        ))}
        <div class="choice">
          <input
            type="radio"
            name="organization"
            value="new"
            id={fieldId('organization', 'new-')}
            checked={chosen === 'new'}
          />
          <label for={fieldId('organization', 'new-')}>A new organization</label>
        </div>
        <div class="inset">{created}</div>
      </fieldset>
    </section>
  );
}

const Terms = ({
  accepted,
  error,
  url,
}: {
  accepted: boolean;
  error: string | undefined;
  url: string | undefined;
}) => (
  <div>
    <FieldError id={`${fieldId('terms')}-error`} message={error} />
    <div class="choice">
      <input
        type="checkbox"
        name="terms"
        value="accepted"
        id={fieldId('terms')}
        checked={accepted}
        required
        aria-invalid={error === undefined ? undefined : 'true'}
        aria-describedby={error === undefined ? undefined : `${fieldId('terms')}-error`}
      />
      <label for={fieldId('terms')}>
        {url === undefined ? (
          'I may connect this system on behalf of the organization.'
        ) : (
          <>
            I accept the <a href={url}>terms of the service</a> and may connect this system on behalf of the
            organization.
          </>
        )}
      </label>
    </div>
  </div>
);
