import type { Instant } from '../clock.ts';
import type { Role } from '../organizations/organization.ts';
import { type AskingGateway, AskingGateways } from './asking-gateways.tsx';
import { AuditEntries, type AuditEntryView } from './audit-entries.tsx';
import { ErrorSummary, Field, type FieldErrors } from './field.tsx';
import { GatewayRows, type GatewayView } from './gateway-rows.tsx';
import { Layout } from './layout.tsx';
import { OutgoingShares, type OutgoingShare } from './outgoing-shares.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';
import { type SystemState, SystemStateBadge } from './system-state.tsx';
import { UtcTime } from './utc-time.tsx';

export interface SystemPageProps {
  readonly account: string;
  readonly system: {
    readonly id: string;
    readonly name: string;
    readonly slug: string;
    readonly state: SystemState;
    readonly application?: string | undefined;
    readonly connectedAt?: Instant | undefined;
    readonly lastSeenAt?: Instant | undefined;
    /** When a restore brought it back, until an owner confirms it. */
    readonly heldSince?: Instant | undefined;
  };
  readonly organization: { readonly name: string; readonly slug: string };
  /** Of the one who looks. */
  readonly role: Role;
  readonly gateways: readonly GatewayView[];
  /** Those that ask to be connected again; none for members. */
  readonly asking: readonly AskingGateway[];
  readonly shares: readonly OutgoingShare[];
  /** The newest few entries, newest first. */
  readonly audit: readonly AuditEntryView[];
  readonly csrf: string;
  /** By field: `confirm`; the empty name for anything else. */
  readonly errors?: FieldErrors | undefined;
}

/** POST /systems/{id}/disconnect with confirm: the system's name; and what {@link OutgoingShares} posts. */
export function SystemPage(props: SystemPageProps) {
  const { account, system, organization, role, gateways, asking, shares, audit, csrf, errors } = props;
  const owner = role === 'owner';
  return (
    <Layout title={system.name} account={account} csrf={csrf}>
      <div class="stack-wide">
        <div class="stack">
          <div>
            <p class="trail">
              <a href={portalPaths.organization(organization.slug)}>{organization.name}</a>
            </p>
            <div class="title">
              <h1>{system.name}</h1>
              <SystemStateBadge state={system.state} />
            </div>
            <p class="meta">
              {system.application !== undefined && <span>{system.application}</span>}
              {system.state !== 'connected' && system.lastSeenAt !== undefined && (
                <span>
                  Last seen <UtcTime at={system.lastSeenAt} />
                </span>
              )}
              {system.connectedAt !== undefined && (
                <span>
                  Connected since <UtcTime at={system.connectedAt} />
                </span>
              )}
            </p>
          </div>
          {system.state === 'no-tunnel' && (
            <p class="notice">
              No gateway holds a tunnel, so its dashboards cannot be opened now. Start the gateway on the
              on-prem side, or run <code>drawbridge-gateway doctor</code> there to see what stands in the way.
            </p>
          )}
          {system.state === 'system-unreachable' && (
            <p class="notice">
              A gateway holds a tunnel, but the application behind it does not answer, so its dashboards
              cannot be opened now. Start the application, or run <code>drawbridge-gateway doctor</code> on
              the on-prem side.
            </p>
          )}
          {system.state === 'unknown' && (
            <p class="notice">
              Whether a gateway holds a tunnel is not known: the relay did not answer. Try again in a minute.
            </p>
          )}
          <ErrorSummary errors={errors} fields={['confirm']} />
        </div>
        {(system.heldSince !== undefined || shares.some(({ held }) => held)) && (
          <section class="card stack">
            <h2>Confirm what came back from a backup</h2>
            <p>
              The service was restored. What was stopped shortly before may not be known any more, so nobody
              can open these shares yet. Look at who may see what, and stop what should not be shared; then
              confirm the rest.
            </p>
            {owner ? (
              <PostForm action={portalPaths.confirmSystem(system.id)} csrf={csrf}>
                <button>Confirm these shares</button>
              </PostForm>
            ) : (
              <p>An owner of {organization.name} confirms them.</p>
            )}
          </section>
        )}
        <AskingGateways asking={asking} />
        <section class="stack">
          <h2>Shares</h2>
          <OutgoingShares systemId={system.id} shares={shares} csrf={csrf} manage={role !== 'member'} />
        </section>
        <section class="stack">
          <h2>Gateways</h2>
          <GatewayRows gateways={gateways} />
          {role !== 'member' && system.state !== 'disconnected' && (
            <details>
              <summary>Add a gateway</summary>
              <p>
                A second gateway, on another machine that reaches the application, goes on when this one
                fails. Copy the file <code>seal.key</code> from the state folder of a gateway to that of the
                new one, so that it can serve the same shares; run <code>drawbridge-gateway connect</code>{' '}
                there, and approve it as another gateway of {system.name}.
              </p>
            </details>
          )}
        </section>
        <section class="stack">
          <div class="section-head">
            <h2>Recent activity</h2>
            {role !== 'member' && <a href={portalPaths.audit(organization.slug)}>See all</a>}
          </div>
          {audit.length > 0 ? <AuditEntries entries={audit} /> : <p class="muted">Nothing yet.</p>}
        </section>
        {owner && system.state !== 'disconnected' && (
          <section class="card danger-zone stack">
            <h2>Disconnect this system</h2>
            <p>
              All its shares end at once and their links stay dead. Its gateways lose their credentials. To
              come back it has to be connected again, as a new system. Nothing changes on the system itself.
            </p>
            <PostForm action={portalPaths.disconnectSystem(system.id)} csrf={csrf} class="stack">
              <Field
                name="confirm"
                label={`Type the name of the system to confirm: ${system.name}`}
                errors={errors}
                input={{ autocomplete: 'off', spellcheck: false, required: true }}
              />
              <div class="actions">
                <button class="danger">Disconnect for good</button>
              </div>
            </PostForm>
          </section>
        )}
      </div>
    </Layout>
  );
}
