import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';

export interface ErrorPageProps {
  /** Of the HTTP response. */
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** The way on, where there is one besides the home page. */
  readonly next?: { readonly label: string; readonly href: string } | undefined;
  /** Finds the failure in the operator's logs. */
  readonly correlationId?: string | undefined;
  readonly account?: string | undefined;
  readonly csrf?: string | undefined;
}

export const ErrorPage = ({ status, title, detail, next, correlationId, account, csrf }: ErrorPageProps) => (
  <Layout title={title} narrow account={account} csrf={csrf}>
    <div class="card stack">
      <h1>{title}</h1>
      <p>{detail}</p>
      <div class="actions">
        {next !== undefined && (
          <a class="button" href={next.href}>
            {next.label}
          </a>
        )}
        <a class="button quiet" href={portalPaths.home}>
          Home
        </a>
      </div>
      <p class="correlation">
        Status {status}
        {correlationId !== undefined && (
          <>
            {'. If you ask for help, give this number: '}
            <code>{correlationId}</code>
          </>
        )}
      </p>
    </div>
  </Layout>
);
