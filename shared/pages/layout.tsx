import type { ComponentChildren } from 'preact';
import { Mark } from './mark.tsx';
import { portalIconPath } from './portal-assets.ts';
import { portalCssPath } from './portal-css.ts';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

export { renderPage } from './render-page.ts';

export interface LayoutProps {
  /** Of the page, without the name of the service. */
  readonly title: string;
  /** Address of whoever is signed in. */
  readonly account?: string | undefined;
  /** Needed with an account, for signing out. */
  readonly csrf?: string | undefined;
  readonly current?: 'home' | 'shared-with-me' | 'account';
  /** One column, for a page with one thing to do. */
  readonly narrow?: boolean;
  /** Another address of the stylesheet, where the page is not on the portal's origin. */
  readonly stylesheet?: string;
  /** The portal's origin, where the page is not on it. */
  readonly portalOrigin?: string;
  readonly children: ComponentChildren;
}

export function Layout(props: LayoutProps) {
  const { title, account, csrf, current, narrow, stylesheet, portalOrigin = '', children } = props;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>{`${title} · Drawbridge`}</title>
        <link rel="stylesheet" href={stylesheet ?? portalCssPath} />
        {(stylesheet ?? portalCssPath) === portalCssPath && (
          <link rel="icon" type="image/svg+xml" href={portalIconPath} />
        )}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="bar">
          <div class="bar-inner">
            <a class="brand" href={`${portalOrigin}${portalPaths.home}`}>
              <Mark />
              Drawbridge
            </a>
            {account !== undefined && csrf !== undefined && (
              <Navigation account={account} csrf={csrf} current={current} />
            )}
          </div>
        </header>
        <main id="main" tabIndex={-1} class={narrow === true ? 'narrow' : undefined}>
          {children}
        </main>
      </body>
    </html>
  );
}

const Navigation = ({
  account,
  csrf,
  current,
}: {
  account: string;
  csrf: string;
  current: LayoutProps['current'];
}) => (
  <>
    <nav aria-label="Main">
      <ul>
        <li>
          <a href={portalPaths.home} aria-current={current === 'home' ? 'page' : undefined}>
            Home
          </a>
        </li>
        <li>
          <a href={portalPaths.sharedWithMe} aria-current={current === 'shared-with-me' ? 'page' : undefined}>
            Shared with me
          </a>
        </li>
      </ul>
    </nav>
    <div class="who">
      <a href={portalPaths.account} aria-current={current === 'account' ? 'page' : undefined}>
        <span class="visually-hidden">Your account: </span>
        {account}
      </a>
      <PostForm action={portalPaths.signOut} csrf={csrf}>
        <button class="plain-button">Sign out</button>
      </PostForm>
    </div>
  </>
);
