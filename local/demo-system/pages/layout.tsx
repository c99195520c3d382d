import type { ComponentChildren } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Assets } from '../assets.ts';
import type { Caller } from '../caller.ts';
import { mayAdminister } from '../permissions.ts';

export interface PageFrame {
  readonly assets: Assets;
  readonly caller?: Caller | undefined;
  readonly title: string;
  /** Where the page belongs in the menu. */
  readonly place?: 'dashboards' | 'sharing' | 'users';
  /** Seconds after which the browser loads the page again. */
  readonly refresh?: number;
}

/** A whole HTML document. */
export function renderPage(frame: PageFrame, content: ComponentChildren): string {
  const { assets, title, refresh } = frame;
  return `<!doctype html>${renderToString(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="dark" />
        {refresh === undefined ? null : <meta http-equiv="refresh" content={String(refresh)} />}
        <title>{`${title} · Hilltop Monitor`}</title>
        <link rel="icon" type="image/svg+xml" href={assets.icon.path} />
        <link rel="stylesheet" href={assets.style.path} />
        <script type="module" src={assets.script.path} />
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to the content
        </a>
        <Header {...frame} />
        <main id="content" tabIndex={-1}>
          {content}
        </main>
      </body>
    </html>,
  )}`;
}

/** Programs that sign in with Basic authentication may stand for people elsewhere: they get no menu. */
function Header({ assets, caller, place }: PageFrame) {
  const person = caller?.via === 'session' ? caller : undefined;
  const brand = (
    <>
      <img src={assets.icon.path} alt="" width="28" height="28" />
      <span>
        Hilltop <b>Monitor</b>
      </span>
    </>
  );
  return (
    <header class="top">
      {person ? (
        <a class="brand" href="/dashboards">
          {brand}
        </a>
      ) : (
        <span class="brand">{brand}</span>
      )}
      {person ? <Menu caller={person} place={place} /> : null}
    </header>
  );
}

function Menu({ caller, place }: { caller: Caller; place: PageFrame['place'] }) {
  const current = (here: PageFrame['place']) => (place === here ? { 'aria-current': 'page' as const } : {});
  return (
    <>
      <nav aria-label="Main">
        <a href="/dashboards" {...current('dashboards')}>
          Dashboards
        </a>
        {mayAdminister(caller.user) ? (
          <>
            <a href="/sharing" {...current('sharing')}>
              Sharing
            </a>
            <a href="/users" {...current('users')}>
              Users
            </a>
          </>
        ) : null}
      </nav>
      <form class="sign-out" method="post" action="/logout">
        <FormToken caller={caller} />
        <span class="who">{caller.user.name}</span>
        <button class="quiet" type="submit">
          Sign out
        </button>
      </form>
    </>
  );
}

export function FormToken({ caller }: { caller: Caller }) {
  return <input type="hidden" name="token" value={caller.formToken} />;
}

/** A message that stands out; `bad` is read out at once by a screen reader. */
export function Notice({ kind, children }: { kind: 'good' | 'bad' | 'plain'; children: ComponentChildren }) {
  return (
    <div class={`notice ${kind}`} role={kind === 'bad' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}
