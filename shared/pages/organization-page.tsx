import type { Role } from '../organizations/organization.ts';
import { ErrorSummary, Field, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import {
  InvitedRows,
  InviteForm,
  MemberRows,
  type MemberInvitationView,
  type MemberView,
} from './member-rows.tsx';
import { OrganizationHeading } from './organization-heading.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';
import { SystemRows, type SystemSummary } from './system-state.tsx';

export interface OrganizationPageProps {
  readonly account: string;
  readonly organization: { readonly name: string; readonly slug: string };
  /** Of the one who looks. */
  readonly role: Role;
  readonly systems: readonly SystemSummary[];
  readonly members: readonly MemberView[];
  readonly invitations: readonly MemberInvitationView[];
  readonly csrf: string;
  /** By field: `email`, `role`, `name`, `confirm`; the empty name for anything else. */
  readonly errors?: FieldErrors | undefined;
  /** What was typed, to be shown again with its errors. */
  readonly values?: { readonly email?: string; readonly role?: string; readonly name?: string } | undefined;
}

/**
 * What {@link MemberRows}, {@link InvitedRows} and {@link InviteForm} post, and POST /organizations/{slug}/rename
 * with name, …/delete with confirm: the organization's name.
 */
export function OrganizationPage(props: OrganizationPageProps) {
  const { account, organization, role, systems, members, invitations, csrf, errors, values } = props;
  const { name, slug } = organization;
  const owner = role === 'owner';
  return (
    <Layout title={name} account={account} csrf={csrf}>
      <div class="stack-wide">
        <OrganizationHeading
          organization={organization}
          section="Overview"
          manages={role !== 'member'}
          title={name}
        />
        <ErrorSummary errors={errors} fields={owner ? ['email', 'role', 'name', 'confirm'] : []} />
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
          <div class="section-head">
            <h2>Members</h2>
            <a href={portalPaths.leaveOrganization(slug)}>Leave this organization</a>
          </div>
          <MemberRows account={account} slug={slug} csrf={csrf} members={members} changes={owner} />
          {invitations.length > 0 && (
            <>
              <h3>Invited</h3>
              <InvitedRows slug={slug} csrf={csrf} invitations={invitations} changes={owner} />
            </>
          )}
          {owner && <InviteForm slug={slug} csrf={csrf} errors={errors} values={values} />}
        </section>
        {owner && (
          <section class="card stack">
            <h2>Name</h2>
            <PostForm action={portalPaths.renameOrganization(slug)} csrf={csrf} class="stack">
              <Field
                name="name"
                label="Name of the organization"
                hint={`Its short name, ${slug}, stays: addresses hold it.`}
                value={values?.name ?? name}
                errors={errors}
                input={{ autocomplete: 'off', maxLength: 80, required: true }}
              />
              <div class="actions">
                <button class="quiet">Rename</button>
              </div>
            </PostForm>
          </section>
        )}
        {owner && (
          <section class="card danger-zone stack">
            <h2>Delete this organization</h2>
            {systems.length > 0 ? (
              <p>Disconnect its systems first. An organization with a connected system cannot be deleted.</p>
            ) : (
              <>
                <p>
                  All members lose it at once, and it cannot be brought back. Nobody can take its short name
                  again.
                </p>
                <PostForm action={portalPaths.deleteOrganization(slug)} csrf={csrf} class="stack">
                  <Field
                    name="confirm"
                    label={`Type the name of the organization to confirm: ${name}`}
                    errors={errors}
                    input={{ autocomplete: 'off', spellcheck: false, required: true }}
                  />
                  <div class="actions">
                    <button class="danger">Delete for good</button>
                  </div>
                </PostForm>
              </>
            )}
          </section>
        )}
      </div>
    </Layout>
  );
}
