import type { ComponentChildren } from 'preact';
import { portalPaths } from './portal-paths.ts';

/** The pages of an organization, for its owners and admins; to members there is the overview only. */
const sections = [
  { name: 'Overview', path: portalPaths.organization },
  { name: 'Policies', path: portalPaths.policies },
  { name: 'Audit', path: portalPaths.audit },
] as const;

export type OrganizationSection = (typeof sections)[number]['name'];

/** The head of each page of an organization: where one is, and its other pages. */
export function OrganizationHeading({
  organization,
  section,
  manages,
  title,
  children,
}: {
  readonly organization: { readonly name: string; readonly slug: string };
  readonly section: OrganizationSection;
  /** Whether who looks is an owner or admin. */
  readonly manages: boolean;
  /** Of the page. */
  readonly title: string;
  /** Beside the title. */
  readonly children?: ComponentChildren;
}) {
  return (
    <div>
      <p class="trail">
        {section === 'Overview' ? (
          <a href={portalPaths.home}>Home</a>
        ) : (
          <a href={portalPaths.organization(organization.slug)}>{organization.name}</a>
        )}
      </p>
      <div class="section-head">
        <h1>{title}</h1>
        {children}
      </div>
      {manages && (
        <nav class="filters" aria-label={`Pages of ${organization.name}`}>
          {sections.map(({ name, path }) => (
            <a href={path(organization.slug)} aria-current={name === section ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
      )}
    </div>
  );
}
