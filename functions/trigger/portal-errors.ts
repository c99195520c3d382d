import { ErrorPage } from '../../shared/pages/error-page.tsx';
import { portalPaths } from '../../shared/pages/portal-paths.ts';
import { renderPage } from '../../shared/pages/render-page.ts';
import { problemCatalogue } from '../../shared/problem.ts';
import type { ErrorStyle } from './endpoint.ts';
import { page } from './responses.ts';

/** Problems as pages, for people. */
export const portalErrors: ErrorStyle = (problem, correlationId) => {
  const html = renderPage(
    ErrorPage({
      status: problem.status,
      title: problemCatalogue[problem.code].title,
      detail: problem.message,
      ...(problem.code === 'second-factor-required' && {
        next: { label: 'Set up your second step', href: portalPaths.secondFactor },
      }),
      ...(problem.status >= 500 && { correlationId }),
    }),
  );
  const response = page(html, { status: problem.status });
  if (problem.retryAfter === undefined) return response;
  return { ...response, headers: { ...response.headers, 'retry-after': String(problem.retryAfter) } };
};
