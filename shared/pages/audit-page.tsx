import { AuditEntries, type AuditEntryView } from './audit-entries.tsx';
import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';

export interface AuditPageProps {
  readonly account: string;
  readonly csrf: string;
  readonly organization: { readonly name: string; readonly slug: string };
  /** Newest first. */
  readonly entries: readonly AuditEntryView[];
  /** Continuation of the list; absent on the last page. */
  readonly next?: string | undefined;
  readonly filters: {
    /** The action shown; all when absent. */
    readonly action?: string | undefined;
    /** The actions to choose from. */
    readonly actions: readonly string[];
  };
}

/** GET /organizations/{slug}/audit?action=…&continuation=… */
export function AuditPage({ account, csrf, organization, entries, next, filters }: AuditPageProps) {
  const address = (query: Record<string, string | undefined>): string => {
    const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const text = new URLSearchParams(given).toString();
    return `${portalPaths.audit(organization.slug)}${text === '' ? '' : `?${text}`}`;
  };
  return (
    <Layout title={`Audit of ${organization.name}`} account={account} csrf={csrf}>
      <div class="stack">
        <div>
          <p class="trail">
            <a href={portalPaths.organization(organization.slug)}>{organization.name}</a>
          </p>
          <h1>Audit</h1>
        </div>
        <p class="muted">
          What was done, by whom, newest first. Entries are never changed; each proves the one before.
        </p>
        {filters.actions.length > 0 && (
          <nav class="filters" aria-label="Show only">
            <a href={address({})} aria-current={filters.action === undefined ? 'true' : undefined}>
              Everything
            </a>
            {filters.actions.map((action) => (
              <a href={address({ action })} aria-current={filters.action === action ? 'true' : undefined}>
                {action}
              </a>
            ))}
          </nav>
        )}
        {entries.length > 0 ? <AuditEntries entries={entries} /> : <p class="empty">Nothing here.</p>}
        {next !== undefined && (
          <p>
            <a href={address({ action: filters.action, continuation: next })}>Older entries</a>
          </p>
        )}
      </div>
    </Layout>
  );
}
