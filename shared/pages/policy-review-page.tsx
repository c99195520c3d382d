import type { ExistingChoice } from '../policies/policies.ts';
import type { PolicyFields } from '../policies/policy-form.ts';
import { FieldError, fieldId, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { OrganizationHeading } from './organization-heading.tsx';
import { BreakingShares, type BreakingShareView } from './policies-page.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

const choices: Readonly<Record<ExistingChoice, string>> = {
  adjust:
    'Bring them in line: who is not allowed is removed, and they end in time. Where nothing is left, the share ends.',
  end: 'End them all. Their links are dead at once.',
  keep: 'Keep them as they are. The policy holds for what is shared or changed from now on.',
};

/** Asks what becomes of the shares that a new policy does not allow, before it is set. */
export const PolicyReviewPage = ({
  account,
  csrf,
  organization,
  values,
  breaking,
  more,
  errors,
}: {
  readonly account: string;
  readonly csrf: string;
  readonly organization: { readonly name: string; readonly slug: string };
  readonly values: PolicyFields;
  readonly breaking: readonly BreakingShareView[];
  readonly more: boolean;
  readonly errors?: FieldErrors | undefined;
}) => {
  const hidden = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, String(value ?? '')]),
  );
  return (
    <Layout title={`Policies of ${organization.name}`} account={account} csrf={csrf}>
      <div class="stack">
        <OrganizationHeading
          organization={organization}
          section="Policies"
          manages
          title="Some shares break this policy"
        />
        <p>Nothing has changed yet. Decide what becomes of these shares.</p>
        <BreakingShares breaking={breaking} more={more} />
        <PostForm
          action={portalPaths.policies(organization.slug)}
          csrf={csrf}
          hidden={hidden}
          class="card stack"
        >
          <fieldset class="choices">
            <legend>These shares</legend>
            <FieldError id={`${fieldId('existing')}-error`} message={errors?.existing} />
            {Object.entries(choices).map(([value, words]) => (
              <div class="choice">
                <input type="radio" id={fieldId(`existing-${value}`)} name="existing" value={value} />
                <label for={fieldId(`existing-${value}`)}>{words}</label>
              </div>
            ))}
          </fieldset>
          <div class="actions">
            <button>Set the policy</button>
            <a class="button quiet" href={portalPaths.policies(organization.slug)}>
              Cancel
            </a>
          </div>
        </PostForm>
      </div>
    </Layout>
  );
};
