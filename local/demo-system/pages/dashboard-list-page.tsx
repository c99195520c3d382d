import type { Alarm } from '../alarms.ts';
import type { Dashboard } from '../dashboards.ts';
import { SEVERITIES } from '../elements.ts';
import { renderPage, type PageFrame } from './layout.tsx';

export interface ListedDashboard {
  readonly dashboard: Dashboard;
  readonly alarms: readonly Alarm[];
}

export const dashboardListPage = (
  frame: Omit<PageFrame, 'title' | 'place'>,
  listed: readonly ListedDashboard[],
): string =>
  renderPage(
    { ...frame, title: 'Dashboards', place: 'dashboards' },
    <>
      <h1>Dashboards</h1>
      {listed.length === 0 ? <p>No dashboard is open to you. Ask an admin.</p> : null}
      <ul class="tiles">
        {listed.map(({ dashboard, alarms }) => (
          <li class="panel tile" data-severity={alarms[0]?.severity ?? 'none'}>
            <h2>
              <a href={dashboard.path}>{dashboard.title}</a>
            </h2>
            <p>{`${dashboard.elementIds.length} elements`}</p>
            <p class="counts">
              {alarms.length === 0 ? <span class="badge none">No alarms</span> : null}
              {SEVERITIES.map((severity) => {
                const count = alarms.filter((alarm) => alarm.severity === severity).length;
                return count === 0 ? null : <span class={`badge ${severity}`}>{`${count} ${severity}`}</span>;
              })}
            </p>
          </li>
        ))}
      </ul>
    </>,
  );
