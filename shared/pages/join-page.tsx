import type { Instant } from '../clock.ts';
import type { Role } from '../organizations/organization.ts';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';
import { roleText } from './role-text.ts';
import { UtcTime } from './utc-time.tsx';

export interface JoinPageProps {
  readonly account: string;
  readonly csrf: string;
  readonly organization: { readonly name: string; readonly slug: string };
  readonly role: Role;
  readonly invitedBy: string;
  readonly expiresAt: Instant;
}

/** POST /join/{slug} with decision: `join` or `decline`. */
export const JoinPage = ({ account, csrf, organization, role, invitedBy, expiresAt }: JoinPageProps) => (
  <Layout title={`Join ${organization.name}`} narrow account={account} csrf={csrf}>
    <div class="card stack">
      <h1>Join {organization.name}?</h1>
      <dl class="facts">
        <dt>Invited by</dt>
        <dd>{invitedBy}</dd>
        <dt>You join as</dt>
        <dd>{account}</dd>
        <dt>Your role</dt>
        <dd>{roleText[role]}</dd>
        <dt>Valid until</dt>
        <dd>
          <UtcTime at={expiresAt} />
        </dd>
      </dl>
      <p>The other members will see your address.</p>
      <PostForm action={portalPaths.joinOrganization(organization.slug)} csrf={csrf} class="actions">
        <button name="decision" value="join">
          Join
        </button>
        <button name="decision" value="decline" class="quiet">
          Decline
        </button>
      </PostForm>
    </div>
  </Layout>
);
