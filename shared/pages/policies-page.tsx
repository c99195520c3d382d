import type { PolicyFields } from '../policies/policy-form.ts';
import { ErrorSummary, Field, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { OrganizationHeading } from './organization-heading.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';
import { SecondFactorSetting } from './second-factor-setting.tsx';

/** A share that the policy does not allow. */
export interface BreakingShareView {
  readonly title: string;
  readonly system: { readonly id: string; readonly name: string };
  /** In words. */
  readonly why: readonly string[];
}

export interface PoliciesPageProps {
  readonly account: string;
  readonly csrf: string;
  readonly organization: { readonly name: string; readonly slug: string };
  /** Owners change policies; admins read them. */
  readonly owner: boolean;
  readonly values: PolicyFields;
  readonly errors?: FieldErrors | undefined;
  /** Shares that were kept although the policy of today does not allow them. */
  readonly breaking: readonly BreakingShareView[];
  readonly more: boolean;
  readonly secondFactor: { readonly required: boolean; readonly own: boolean };
}

export const BreakingShares = ({
  breaking,
  more,
}: {
  breaking: readonly BreakingShareView[];
  more: boolean;
}) => (
  <>
    <ul class="rows">
      {breaking.map(({ title, system, why }) => (
        <li>
          <p class="row-name">{title}</p>
          <p class="meta">
            <a href={portalPaths.system(system.id)}>{system.name}</a>
          </p>
          {why.map((each) => (
            <p class="small">{each}</p>
          ))}
        </li>
      ))}
    </ul>
    {more && <p class="muted">And more; these are the first {breaking.length}.</p>}
  </>
);

/** POST /organizations/{slug}/policies with the fields of the form; `existing` where shares break it. */
export const PoliciesPage = (props: PoliciesPageProps) => {
  const { account, csrf, organization, owner, values, errors, breaking, more, secondFactor } = props;
  const fixed = owner ? {} : { readOnly: true };
  return (
    <Layout title={`Policies of ${organization.name}`} account={account} csrf={csrf}>
      <div class="stack-wide">
        <OrganizationHeading organization={organization} section="Policies" manages title="Policies" />
        <ErrorSummary
          errors={errors}
          fields={['emailDomains', 'longestShareDays', 'sharers', 'pollingLeast', 'pollingMost']}
        />
        {breaking.length > 0 && (
          <section class="stack">
            <h2>Shares that were kept although they break the policy</h2>
            <BreakingShares breaking={breaking} more={more} />
            <p class="muted">Save the policy again to decide once more what becomes of them.</p>
          </section>
        )}
        <section class="card stack">
          <h2>What is allowed</h2>
          <p class="muted">
            Holds for every system and share of this organization, in the cloud and at the gateways. An empty
            field allows everything.
          </p>
          <PostForm action={portalPaths.policies(organization.slug)} csrf={csrf} class="stack">
            <Field
              name="emailDomains"
              label="Domains of recipients"
              hint="Such as partner.example, *.plant.example; the star means every name below."
              value={values.emailDomains}
              errors={errors}
              input={{ autocomplete: 'off', spellcheck: false, ...fixed }}
            />
            <Field
              name="longestShareDays"
              label="Longest share, in days"
              hint="A share without an end gets this one."
              value={values.longestShareDays}
              errors={errors}
              input={{ inputMode: 'numeric', maxLength: 6, ...fixed }}
            />
            <Field
              name="sharers"
              label="People who may share"
              hint="Their names in the on-prem application, with commas between."
              value={values.sharers}
              errors={errors}
              input={{ autocomplete: 'off', spellcheck: false, ...fixed }}
            />
            <Field
              name="pollingLeast"
              label="Shortest time between polls for commands, in seconds"
              hint="10 to 3600. Gateways choose within these two bounds."
              value={values.pollingLeast}
              errors={errors}
              input={{ inputMode: 'numeric', maxLength: 6, ...fixed }}
            />
            <Field
              name="pollingMost"
              label="Longest time between polls, in seconds"
              value={values.pollingMost}
              errors={errors}
              input={{ inputMode: 'numeric', maxLength: 6, ...fixed }}
            />
            {owner ? (
              <div class="actions">
                <button>Save</button>
              </div>
            ) : (
              <p class="muted">Only an owner changes policies.</p>
            )}
          </PostForm>
        </section>
        {owner && (
          <SecondFactorSetting
            slug={organization.slug}
            required={secondFactor.required}
            ownSecondFactor={secondFactor.own}
            csrf={csrf}
          />
        )}
      </div>
    </Layout>
  );
};
