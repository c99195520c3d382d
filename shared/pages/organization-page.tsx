import type { Role } from '../organizations/organization.ts';
import { ErrorSummary, Field, type FieldErrors, fieldId } from './field.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';
import { roleText } from './role-text.ts';
import { SecondFactorSetting } from './second-factor-setting.tsx';
import { SystemRows, type SystemSummary } from './system-state.tsx';

export interface OrganizationPageProps {
  readonly account: string;
  readonly organization: { readonly name: string; readonly slug: string };
  /** Of the one who looks. */
  readonly role: Role;
  readonly systems: readonly SystemSummary[];
  readonly members: readonly { readonly email: string; readonly role: Role }[];
  readonly csrf: string;
  /** By field: `email`, `role`; the empty name for anything else. */
  readonly errors?: FieldErrors | undefined;
  /** What was typed, to be shown again with its errors. */
  readonly values?: { readonly email?: string; readonly role?: string } | undefined;
  /** Whether members can be added, changed and removed here, by owners. */
  readonly manageMembers?: boolean;
  /** Whether members need a second step, and whether the one who looks has proved one. */
  readonly secondFactor?: { readonly required: boolean; readonly own: boolean } | undefined;
}

const roleOptions: readonly Role[] = ['member', 'admin', 'owner'];

/** POST /organizations/{slug}/members, …/members/role, …/members/remove, each with email (and role). */
export function OrganizationPage(props: OrganizationPageProps) {
  const {
    account,
    organization,
    role,
    systems,
    members,
    csrf,
    errors,
    values,
    manageMembers = false,
  } = props;
  const changes = manageMembers && role === 'owner';
  return (
    <Layout title={organization.name} account={account} csrf={csrf}>
      <div class="stack-wide">
        <div>
          <p class="trail">
            <a href={portalPaths.home}>Home</a>
          </p>
          <div class="section-head">
            <h1>{organization.name}</h1>
            {role !== 'member' && <a href={portalPaths.audit(organization.slug)}>Audit</a>}
          </div>
        </div>
        <ErrorSummary errors={errors} fields={changes ? ['email', 'role'] : []} />
        <section>
          <div class="section-head">
            <h2>Systems</h2>
            {role !== 'member' && <a href={portalPaths.connect}>Connect a system</a>}
          </div>
          {systems.length > 0 ? (
            <SystemRows systems={systems} />
          ) : (
            <p class="empty">No system is connected.</p>
          )}
        </section>
        <section class="stack">
          <h2>Members</h2>
          <ul class="rows">
            {members.map((member, index) => (
              <li class="row">
                <span class="row-main">
                  {member.email}
                  {member.email === account && <span class="muted"> (you)</span>}
                </span>
                {changes ? (
                  <MemberForms
                    slug={organization.slug}
                    member={member}
                    csrf={csrf}
                    idPrefix={`member-${index}-`}
                  />
                ) : (
                  <span class="muted">{roleText[member.role]}</span>
                )}
              </li>
            ))}
          </ul>
          {changes && (
            <div class="card stack">
              <h3>Add a member</h3>
              <PostForm action={portalPaths.addMember(organization.slug)} csrf={csrf} class="stack">
                <Field
                  name="email"
                  label="E-mail address"
                  value={values?.email}
                  errors={errors}
                  input={{ type: 'email', autocomplete: 'off', maxLength: 254, required: true }}
                />
                <div class="field">
                  <label for={fieldId('role')}>Role</label>
                  <p class="hint" id={`${fieldId('role')}-hint`}>
                    Members look; admins also connect systems and manage shares; owners may do everything.
                  </p>
                  <RoleSelect id={fieldId('role')} role={values?.role ?? 'member'} describedBy />
                </div>
                <div class="actions">
                  <button>Add member</button>
                </div>
              </PostForm>
            </div>
          )}
        </section>
        {role === 'owner' && props.secondFactor !== undefined && (
          <SecondFactorSetting
            slug={organization.slug}
            required={props.secondFactor.required}
            ownSecondFactor={props.secondFactor.own}
            csrf={csrf}
          />
        )}
      </div>
    </Layout>
  );
}

interface MemberFormsProps {
  readonly slug: string;
  readonly member: OrganizationPageProps['members'][number];
  readonly csrf: string;
  readonly idPrefix: string;
}

const MemberForms = ({ slug, member, csrf, idPrefix }: MemberFormsProps) => (
  <div class="aside">
    <PostForm
      action={portalPaths.changeMember(slug)}
      csrf={csrf}
      hidden={{ email: member.email }}
      class="aside"
    >
      <label class="visually-hidden" for={`${idPrefix}role`}>{`Role of ${member.email}`}</label>
      <RoleSelect id={`${idPrefix}role`} role={member.role} />
      <button class="quiet slight">
        Change<span class="visually-hidden">{` the role of ${member.email}`}</span>
      </button>
    </PostForm>
    <PostForm action={portalPaths.removeMember(slug)} csrf={csrf} hidden={{ email: member.email }}>
      <button class="quiet slight">
        Remove<span class="visually-hidden">{` ${member.email}`}</span>
      </button>
    </PostForm>
  </div>
);

const RoleSelect = ({
  id,
  role,
  describedBy = false,
}: {
  id: string;
  role: string;
  describedBy?: boolean;
}) => (
  <select id={id} name="role" aria-describedby={describedBy ? `${id}-hint` : undefined}>
    {roleOptions.map((option) => (
      <option value={option} selected={option === role}>
        {roleText[option]}
      </option>
    ))}
  </select>
);
