import { Notice, renderPage, type PageFrame } from './layout.tsx';

/** @param next where to go afterwards, a path of this application */
export const loginPage = (
  frame: Pick<PageFrame, 'assets'>,
  { next, name, problem }: { next: string; name: string; problem?: string },
): string =>
  renderPage(
    { ...frame, title: 'Sign in' },
    <section class="panel narrow">
      <h1>Sign in</h1>
      {problem === undefined ? null : (
        <Notice kind="bad">
          <p>{problem}</p>
        </Notice>
      )}
      <form method="post" action="/login" class="fields">
        <input type="hidden" name="next" value={next} />
        <label for="name">Name</label>
        <input
          id="name"
          name="name"
          value={name}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
          autofocus={name === ''}
        />
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="current-password"
          required
          autofocus={name !== ''}
        />
        <button type="submit">Sign in</button>
      </form>
    </section>,
  );
