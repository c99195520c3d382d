import type { Alarm } from '../alarms.ts';
import { SHOWN_PARAMETERS, type Dashboard } from '../dashboards.ts';
import { findParameter, SEVERITIES, type MonitoredElement, type Parameter } from '../elements.ts';
import { measure } from '../measurements.ts';
import { mayShare } from '../permissions.ts';
import type { Caller } from '../caller.ts';
import { renderPage, type PageFrame } from './layout.tsx';
import { timeOfDay } from './moment.tsx';

export interface DashboardView {
  readonly dashboard: Dashboard;
  readonly elements: readonly MonitoredElement[];
  readonly alarms: readonly Alarm[];
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A dashboard with the values of this moment; the script keeps it live. */
export const dashboardPage = (
  frame: Pick<PageFrame, 'assets'> & { caller: Caller },
  { dashboard, elements, alarms, at }: DashboardView,
): string =>
  renderPage(
    { ...frame, title: dashboard.title, place: 'dashboards' },
    <div id="dashboard" data-dashboard={dashboard.id}>
      <div class="heading">
        <h1>{dashboard.title}</h1>
        <p class="live" id="live" data-state="waiting">
          <span class="lamp" aria-hidden="true" />
          <span id="live-text">Connecting</span>
          <span class="clock">
            Last update <time id="clock">{timeOfDay(at)}</time> UTC
          </span>
        </p>
        {mayShare(frame.caller.user) ? (
          <a class="button" href={`${dashboard.path}/share`}>
            Start sharing
          </a>
        ) : null}
      </div>
      <noscript>
        <p class="notice plain">This page shows one moment. With JavaScript it stays live.</p>
      </noscript>
      <p id="trouble" class="notice bad" role="alert" hidden />
      <ul class="counts summary" id="counts" aria-label="Active alarms by severity">
        {SEVERITIES.map((severity) => {
          const count = alarms.filter((alarm) => alarm.severity === severity).length;
          return (
            <li class={`count ${severity}`} data-count={severity} data-zero={count === 0 ? '' : undefined}>
              <b>{count}</b> {severity}
            </li>
          );
        })}
      </ul>
      <div class="board">
        <div class="cards" data-cards={elements.length} data-many={elements.length > 3 ? '' : undefined}>
          {elements.map((element) => (
            <Card element={element} severity={worst(element, alarms)} at={at} />
          ))}
        </div>
        <AlarmList alarms={alarms} />
      </div>
      <p id="announcer" class="unseen" aria-live="polite" />
    </div>,
  );

const worst = (element: MonitoredElement, alarms: readonly Alarm[]): string =>
  alarms.find(({ elementId }) => elementId === element.id)?.severity ?? 'none';

function Card({ element, severity, at }: { element: MonitoredElement; severity: string; at: number }) {
  const shown = SHOWN_PARAMETERS[element.kind].flatMap((name) => findParameter(element, name) ?? []);
  return (
    <article class="card panel" data-element={element.id} data-severity={severity}>
      <header>
        <div>
          <h2>{element.name}</h2>
          <p class="place">{element.place}</p>
        </div>
        <span class={`badge ${severity}`} data-badge>
          {severity === 'none' ? 'OK' : severity}
        </span>
      </header>
      {shown.map((parameter) => (
        <Figure element={element} parameter={parameter} at={at} />
      ))}
    </article>
  );
}

function Figure({ element, parameter, at }: { element: MonitoredElement; parameter: Parameter; at: number }) {
  return (
    <div class="figure" data-parameter={parameter.name}>
      <h3>{parameter.label}</h3>
      <p class="reading">
        <span class="value" data-value>
          {measure(element, parameter, at).toFixed(parameter.decimals)}
        </span>
        <span class="unit">{parameter.unit}</span>
      </p>
      <svg class="trend" viewBox="0 0 300 60" preserveAspectRatio="none" role="img" data-trend>
        <title>{`${parameter.label}, last 10 minutes`}</title>
        <path class="area" />
        <path class="line" />
      </svg>
      <p class="extent">
        <span>10 min</span>
        <span data-extent />
      </p>
    </div>
  );
}

function AlarmList({ alarms }: { alarms: readonly Alarm[] }) {
  return (
    <section class="panel alarms" aria-labelledby="alarms-title">
      <h2 id="alarms-title">Active alarms</h2>
      <ol id="alarms">
        {alarms.map(({ id, severity, text, elementName, raisedAt }) => (
          <li key={id} class={`alarm ${severity}`}>
            <span class={`badge ${severity}`}>{severity}</span>
            <time dateTime={new Date(raisedAt).toISOString()}>{timeOfDay(raisedAt)}</time>
            <b>{text}</b>
            <span class="source">{elementName}</span>
          </li>
        ))}
      </ol>
      <p id="no-alarms" class="calm" hidden={alarms.length > 0}>
        Nothing to report.
      </p>
    </section>
  );
}
