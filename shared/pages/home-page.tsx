import type { Role } from '../organizations/organization.ts';
import { type AskingGateway, AskingGateways } from './asking-gateways.tsx';
import { Badge } from './badge.tsx';
import { ConnectSteps } from './connect-steps.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { roleText } from './role-text.ts';
import { SystemRows, type SystemSummary } from './system-state.tsx';

export interface HomePageProps {
  readonly account: string;
  readonly csrf: string;
  readonly organizations: readonly {
    readonly name: string;
    readonly slug: string;
    readonly role: Role;
    readonly systems: readonly SystemSummary[];
  }[];
  /** Gateways that ask to be connected again, for those who may decide. */
  readonly asking: readonly AskingGateway[];
  /** Those that ask for a second step which this session has not proved. */
  readonly closedOrganizations?: readonly { readonly name: string; readonly slug: string }[];
  /** `url` opens the share. */
  readonly receivedShares: readonly {
    readonly id: string;
    readonly title: string;
    readonly from: string;
    readonly url: string;
  }[];
  /** What to type on the on-prem side. */
  readonly connectCommand?: string;
}

export function HomePage(props: HomePageProps) {
  const {
    account,
    csrf,
    organizations,
    asking,
    closedOrganizations = [],
    receivedShares,
    connectCommand = 'drawbridge-gateway connect',
  } = props;
  const nothingConnected =
    closedOrganizations.length === 0 && organizations.every(({ systems }) => systems.length === 0);
  return (
    <Layout title="Home" account={account} csrf={csrf} current="home">
      <div class="stack-wide">
        <div class="section-head">
          <h1>Home</h1>
          {!nothingConnected && (
            <a class="button slight" href={portalPaths.connect}>
              Connect a system
            </a>
          )}
        </div>
        <AskingGateways asking={asking} />
        {organizations.map((organization) => (
          <section>
            <div class="section-head">
              <h2>
                <a href={portalPaths.organization(organization.slug)}>{organization.name}</a>
              </h2>
              <Badge tone="plain">{roleText[organization.role]}</Badge>
            </div>
            {organization.systems.length > 0 ? (
              <SystemRows systems={organization.systems} />
            ) : (
              <p class="muted">No system is connected.</p>
            )}
          </section>
        ))}
        {closedOrganizations.map(({ name, slug }) => (
          <section>
            <h2>
              <a href={portalPaths.organization(slug)}>{name}</a>
            </h2>
            <p class="notice">
              This organization asks for a second step when you sign in.{' '}
              <a href={portalPaths.secondFactor}>Set it up</a> to get in.
            </p>
          </section>
        ))}
        {receivedShares.length > 0 && (
          <section>
            <div class="section-head">
              <h2>Shared with you</h2>
              <a href={portalPaths.sharedWithMe}>See all</a>
            </div>
            <ul class="rows">
              {receivedShares.map((share) => (
                <li class="row">
                  <div class="row-main">
                    <a class="row-name" href={share.url}>
                      {share.title}
                    </a>
                    <p class="muted small">From {share.from}</p>
                  </div>
                </li>
              ))}
            </ul>
          </section>
        )}
        {nothingConnected && (
          <section class="empty stack">
            <h2>
              {receivedShares.length > 0 ? 'Connect a system of your own' : 'Connect your first system'}
            </h2>
            <p>
              Once it is connected, its owners can show live dashboards of it to people they name: without a
              VPN, an open port or a copy of the data.
            </p>
            <ConnectSteps command={connectCommand} />
          </section>
        )}
      </div>
    </Layout>
  );
}
