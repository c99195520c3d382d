import { renderPage, type PageFrame } from './layout.tsx';

/** A page that only says something, such as why a request was refused. */
export const messagePage = (frame: PageFrame, text: string): string =>
  renderPage(
    frame,
    <section class="panel narrow">
      <h1>{frame.title}</h1>
      <p>{text}</p>
      {frame.caller?.via === 'session' ? (
        <p>
          <a href="/dashboards">Back to the dashboards</a>
        </p>
      ) : null}
    </section>,
  );
