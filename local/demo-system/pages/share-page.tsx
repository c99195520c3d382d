import type { Caller } from '../caller.ts';
import { SHOWN_PARAMETERS, type Dashboard } from '../dashboards.ts';
import { findParameter, type MonitoredElement } from '../elements.ts';
import type { FieldError, GatewayShare } from '../gateway-client.ts';
import { EXPIRY_CHOICES } from '../share-form.ts';
import { mayAdminister } from '../permissions.ts';
import { FormToken, Notice, renderPage, type PageFrame } from './layout.tsx';
import { Moment } from './moment.tsx';

/** The form as the sender filled it in. */
export interface ShareEntries {
  readonly recipients: string;
  readonly message: string;
  readonly expiry: string;
  readonly date: string;
}

export interface ShareTrouble {
  readonly detail: string;
  readonly errors: readonly FieldError[];
}

/** A share whose dashboard has changed since, with the difference in words. */
export interface ChangedShare {
  readonly share: GatewayShare;
  readonly lines: readonly string[];
  /** Names exactly this difference. */
  readonly digest: string;
}

type Frame = Pick<PageFrame, 'assets'> & { caller: Caller };

export interface ShareFormView {
  readonly dashboard: Dashboard;
  readonly elements: readonly MonitoredElement[];
  readonly entries: ShareEntries;
  readonly trouble?: ShareTrouble | undefined;
  /** Why sharing would not work now. */
  readonly obstacle?: string | undefined;
  /** Shares of this dashboard as it was. */
  readonly changes: readonly ChangedShare[];
  /** First day that can be chosen, `2026-03-01`. */
  readonly today: string;
}

export const shareFormPage = (
  frame: Frame,
  { dashboard, elements, entries, trouble, obstacle, changes, today }: ShareFormView,
): string => {
  const faulty = (field: string) =>
    trouble?.errors.some((error) => error.field.split('.')[0] === field)
      ? { 'aria-invalid': 'true' as const, 'aria-describedby': 'trouble' }
      : {};
  return renderPage(
    { ...frame, title: `Share ${dashboard.title}`, place: 'dashboards' },
    <>
      <p class="back">
        <a href={dashboard.path}>{`← ${dashboard.title}`}</a>
      </p>
      <h1>Start sharing</h1>
      {trouble ? <Trouble {...trouble} /> : null}
      {obstacle === undefined ? null : <Obstacle caller={frame.caller} text={obstacle} />}
      {changes.map((change) => (
        <Changed caller={frame.caller} dashboard={dashboard} change={change} />
      ))}
      <div class="columns">
        <form class="panel fields" method="post" action={`${dashboard.path}/share`} data-once>
          <FormToken caller={frame.caller} />
          <label for="recipients">Recipients</label>
          <p class="hint" id="recipients-hint">
            E-mail addresses, one on each line, 100 at most. Each gets an invitation.
          </p>
          <textarea
            id="recipients"
            name="recipients"
            rows={4}
            required
            spellcheck={false}
            {...faulty('recipients')}
          >
            {entries.recipients}
          </textarea>
          <label for="message">
            Message <span class="optional">optional</span>
          </label>
          <textarea id="message" name="message" rows={3} maxLength={2000} {...faulty('message')}>
            {entries.message}
          </textarea>
          <label for="expiry">Sharing ends</label>
          <select id="expiry" name="expiry" {...faulty('expiresAt')}>
            {EXPIRY_CHOICES.map(({ value, label }) => (
              <option value={value} selected={value === entries.expiry}>
                {label}
              </option>
            ))}
          </select>
          <div class="on-date">
            <label for="date">Last day (until midnight UTC)</label>
            <input id="date" name="date" type="date" min={today} value={entries.date} />
          </div>
          <div class="actions">
            <button type="submit">Share this dashboard</button>
            <a class="button quiet" href={dashboard.path}>
              Cancel
            </a>
          </div>
        </form>
        <WhatIsShared dashboard={dashboard} elements={elements} />
      </div>
    </>,
  );
};

/** Until somebody accepts, what was shared before stays as it is. */
function Changed({
  caller,
  dashboard,
  change: { share, lines, digest },
}: {
  caller: Caller;
  dashboard: Dashboard;
  change: ChangedShare;
}) {
  const people = share.recipients.map(({ email }) => email).join(', ');
  return (
    <section class="panel" aria-label={`Changed since it was shared with ${people}`}>
      <h2>Changed since it was shared</h2>
      <p>
        {people} see the dashboard as it was shared on <Moment at={share.createdAt} />. This is different now:
      </p>
      <ul class="contents">
        {lines.map((line) => (
          <li>
            <code>{line}</code>
          </li>
        ))}
      </ul>
      <form
        class="actions"
        method="post"
        action={`${dashboard.path}/share/${encodeURIComponent(share.id)}/accept`}
        data-once
      >
        <FormToken caller={caller} />
        <input type="hidden" name="accept" value={digest} />
        <button type="submit">Accept for this share</button>
        <span class="hint">Otherwise nothing changes for them.</span>
      </form>
    </section>
  );
}

function Obstacle({ caller, text }: { caller: Caller; text: string }) {
  return (
    <Notice kind="bad">
      <p>
        <b>Sharing does not work now.</b> {text}{' '}
        {mayAdminister(caller.user) ? <a href="/sharing">Look at the connection</a> : 'Ask an admin.'}
      </p>
    </Notice>
  );
}

function Trouble({ detail, errors }: ShareTrouble) {
  const named = errors.filter((error) => error.detail !== '');
  return (
    <div id="trouble">
      <Notice kind="bad">
        <p>
          <b>Not shared.</b> {detail}
        </p>
        {named.length === 0 ? null : (
          <ul>
            {named.map((error) => (
              <li>
                <code>{error.field}</code> {error.detail}
              </li>
            ))}
          </ul>
        )}
      </Notice>
    </div>
  );
}

function WhatIsShared({
  dashboard,
  elements,
}: {
  dashboard: Dashboard;
  elements: readonly MonitoredElement[];
}) {
  return (
    <section class="panel" aria-labelledby="what">
      <h2 id="what">What they will see</h2>
      <p>
        <b>{dashboard.title}</b>, live, and nothing else of Hilltop: no other dashboard, no settings, no way
        to change anything.
      </p>
      <ul class="contents">
        {elements.map((element) => (
          <li>
            <b>{element.name}</b>
            <span>
              {SHOWN_PARAMETERS[element.kind]
                .map((name) => findParameter(element, name)?.label ?? name)
                .join(', ')}
              , alarms
            </span>
          </li>
        ))}
      </ul>
      <p class="hint">You can stop sharing at any time; open pages go dark at once.</p>
    </section>
  );
}

export const sharedPage = (frame: Frame, dashboard: Dashboard, share: GatewayShare): string =>
  renderPage(
    { ...frame, title: `${dashboard.title} is shared`, place: 'dashboards' },
    <section class="panel narrow">
      <h1>Shared</h1>
      <Notice kind="good">
        <p>
          <b>{dashboard.title}</b> is shared
          {share.expiresAt === undefined ? (
            ' until you stop it.'
          ) : (
            <>
              {' '}
              until <Moment at={share.expiresAt} />.
            </>
          )}
        </p>
      </Notice>
      <h2>Invited</h2>
      <ul class="recipients">
        {share.recipients.map(({ email }) => (
          <li>{email}</li>
        ))}
      </ul>
      <h2>Their link</h2>
      <p class="link">
        <a href={share.url} rel="noopener noreferrer" target="_blank">
          {share.url}
        </a>
      </p>
      <p class="hint">It opens only for the people above, after they sign in with that address.</p>
      <p class="actions">
        <a class="button" href={dashboard.path}>
          Back to the dashboard
        </a>
      </p>
    </section>,
  );
