import type { AuditSearch } from '../audit/audit-search.ts';
import { AuditEntries, type AuditEntryView } from './audit-entries.tsx';
import { ErrorSummary, Field, fieldId, type FieldErrors } from './field.tsx';
import { Layout } from './layout.tsx';
import { OrganizationHeading } from './organization-heading.tsx';
import { portalPaths } from './portal-paths.ts';

export interface AuditPageProps {
  readonly account: string;
  readonly csrf: string;
  readonly organization: { readonly name: string; readonly slug: string };
  /** Newest first. */
  readonly entries: readonly AuditEntryView[];
  /** Continuation of the list; absent on the last page. */
  readonly next?: string | undefined;
  /** What is looked for. */
  readonly search: AuditSearch;
  readonly errors?: FieldErrors | undefined;
  /** The actions to choose from. */
  readonly actions: readonly string[];
  /** The systems to choose from. */
  readonly systems: readonly { readonly id: string; readonly name: string }[];
}

/** GET /organizations/{slug}/audit?action=…&who=…&about=…&from=…&to=…&continuation=… */
export function AuditPage(props: AuditPageProps) {
  const { account, csrf, organization, entries, next, search, errors } = props;
  const looking = Object.keys(search).length > 0;
  return (
    <Layout title={`Audit of ${organization.name}`} account={account} csrf={csrf}>
      <div class="stack">
        <OrganizationHeading organization={organization} section="Audit" manages title="Audit" />
        <p class="muted">
          What was done, by whom, newest first. Entries are never changed; each proves the one before.
        </p>
        <ErrorSummary errors={errors} fields={['action', 'who', 'about', 'from', 'to']} />
        <SearchForm {...props} looking={looking} />
        <Found entries={entries} looking={looking} more={next !== undefined} />
        {next !== undefined && (
          <p>
            <a href={addressOf(organization.slug, { ...search, continuation: next })}>Older entries</a>
          </p>
        )}
        <div class="card stack">
          <h2>Take it with you</h2>
          <p class="hint">
            The whole audit with its hashes, oldest first. Anyone can check the file later, without this
            service.
          </p>
          <div class="actions">
            <a class="button quiet" href={portalPaths.auditCsv(organization.slug)} download>
              Export CSV
            </a>
            <a class="button quiet" href={portalPaths.auditJson(organization.slug)} download>
              Export JSON
            </a>
          </div>
        </div>
      </div>
    </Layout>
  );
}

function addressOf(slug: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return `${portalPaths.audit(slug)}?${new URLSearchParams(given).toString()}`;
}

function SearchForm({
  organization,
  search,
  errors,
  actions,
  systems,
  looking,
}: AuditPageProps & { looking: boolean }) {
  const groups = Map.groupBy(actions, (action) => action.split('.', 1)[0] ?? '');
  return (
    <form class="card audit-search" method="get" action={portalPaths.audit(organization.slug)}>
      <Field name="who" label="Who" hint="Address or name" value={search.who} errors={errors} />
      <div class="field">
        <label for={fieldId('action')}>What</label>
        <p class="hint">Kind of event</p>
        <select id={fieldId('action')} name="action">
          <option value="">Everything</option>
          {[...groups].map(([group, members]) => (
            <optgroup label={group}>
              <option value={`${group}.`} selected={search.action === `${group}.`}>
                {`Every ${group} event`}
              </option>
              {members.map((action) => (
                <option value={action} selected={search.action === action}>
                  {action}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </div>
      <Field
        name="about"
        label="System or share"
        hint="Name or id"
        value={search.about}
        errors={errors}
        input={{ list: 'audit-systems' }}
      />
      <datalist id="audit-systems">
        {systems.map(({ id, name }) => (
          <option value={id}>{name}</option>
        ))}
      </datalist>
      <Field
        name="from"
        label="From"
        hint="First day, UTC"
        value={search.from}
        errors={errors}
        input={{ type: 'date' }}
      />
      <Field
        name="to"
        label="To"
        hint="Last day, UTC"
        value={search.to}
        errors={errors}
        input={{ type: 'date' }}
      />
      <div class="actions">
        <button type="submit">Show</button>
        {looking && <a href={portalPaths.audit(organization.slug)}>Show everything</a>}
      </div>
    </form>
  );
}

function Found({
  entries,
  looking,
  more,
}: {
  entries: readonly AuditEntryView[];
  looking: boolean;
  more: boolean;
}) {
  if (entries.length > 0) return <AuditEntries entries={entries} />;
  if (more) return <p class="empty">Nothing among the newest entries. Older ones have not been looked at.</p>;
  return <p class="empty">{looking ? 'Nothing fits. Leave a field empty to see more.' : 'Nothing here.'}</p>;
}
