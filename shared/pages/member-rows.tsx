import type { Instant } from '../clock.ts';
import type { Role } from '../organizations/organization.ts';
import { Badge } from './badge.tsx';
import { Field, type FieldErrors, fieldId } from './field.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';
import { roleText } from './role-text.ts';
import { UtcTime } from './utc-time.tsx';

export interface MemberView {
  readonly email: string;
  readonly role: Role;
}

export interface MemberInvitationView extends MemberView {
  readonly expiresAt: Instant;
  readonly state: 'sent' | 'not-sent' | 'expired';
}

const roleOptions: readonly Role[] = ['member', 'admin', 'owner'];

interface MemberRowsProps {
  readonly account: string;
  readonly slug: string;
  readonly csrf: string;
  readonly members: readonly MemberView[];
  /** Whether the one who looks may change them. */
  readonly changes: boolean;
}

/** POST …/members/role with email, role; …/members/remove with email. */
export const MemberRows = ({ account, slug, csrf, members, changes }: MemberRowsProps) => (
  <ul class="rows">
    {members.map((member, index) => (
      <li class="row">
        <span class="row-main">
          {member.email}
          {member.email === account && <span class="muted"> (you)</span>}
        </span>
        {changes ? (
          <div class="aside">
            <PostForm
              action={portalPaths.changeMember(slug)}
              csrf={csrf}
              hidden={{ email: member.email }}
              class="aside"
            >
              <label class="visually-hidden" for={`member-${index}-role`}>{`Role of ${member.email}`}</label>
              <RoleSelect id={`member-${index}-role`} role={member.role} />
              <button class="quiet slight">
                Change<span class="visually-hidden">{` the role of ${member.email}`}</span>
              </button>
            </PostForm>
            {member.email !== account && (
              <PostForm action={portalPaths.removeMember(slug)} csrf={csrf} hidden={{ email: member.email }}>
                <button class="quiet slight">
                  Remove<span class="visually-hidden">{` ${member.email}`}</span>
                </button>
              </PostForm>
            )}
          </div>
        ) : (
          <span class="muted">{roleText[member.role]}</span>
        )}
      </li>
    ))}
  </ul>
);

interface InvitedRowsProps {
  readonly slug: string;
  readonly csrf: string;
  readonly invitations: readonly MemberInvitationView[];
  readonly changes: boolean;
}

/** POST …/members/resend and …/members/withdraw, each with email. */
export const InvitedRows = ({ slug, csrf, invitations, changes }: InvitedRowsProps) => (
  <ul class="rows">
    {invitations.map(({ email, role, expiresAt, state }) => (
      <li class="row">
        <div class="row-main">
          <p>
            {email} {state === 'not-sent' && <Badge tone="bad">E-mail not sent</Badge>}
            {state === 'expired' && <Badge tone="warn">Expired</Badge>}
          </p>
          <p class="meta">
            <span>{roleText[role]}</span>
            {state !== 'expired' && (
              <span>
                Valid until <UtcTime at={expiresAt} />
              </span>
            )}
          </p>
        </div>
        {changes && (
          <div class="aside">
            <PostForm action={portalPaths.resendMemberInvitation(slug)} csrf={csrf} hidden={{ email }}>
              <button class="quiet slight">
                Send again<span class="visually-hidden">{` to ${email}`}</span>
              </button>
            </PostForm>
            <PostForm action={portalPaths.withdrawMemberInvitation(slug)} csrf={csrf} hidden={{ email }}>
              <button class="quiet slight">
                Withdraw<span class="visually-hidden">{` the invitation of ${email}`}</span>
              </button>
            </PostForm>
          </div>
        )}
      </li>
    ))}
  </ul>
);

interface InviteFormProps {
  readonly slug: string;
  readonly csrf: string;
  readonly errors?: FieldErrors | undefined;
  readonly values?: { readonly email?: string; readonly role?: string } | undefined;
}

/** POST …/members/invite with email, role. */
export const InviteForm = ({ slug, csrf, errors, values }: InviteFormProps) => (
  <div class="card stack">
    <h3>Invite a member</h3>
    <PostForm action={portalPaths.inviteMember(slug)} csrf={csrf} class="stack">
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
        <button>Invite</button>
      </div>
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
