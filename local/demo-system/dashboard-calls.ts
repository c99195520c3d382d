import { minute } from '../../shared/clock.ts';
import type { Assets } from './assets.ts';
import { ALARM_LIMIT, SHOWN_PARAMETERS, TREND_POINTS, TREND_SPAN, type Dashboard } from './dashboards.ts';
import { findElement } from './elements.ts';

/**
 * Every request that the page of a dashboard makes, and nothing else, in the form in which the
 * gateway program reads explicit lists.
 * @param elementIds those of the dashboard's elements that the reader may see
 */
export function dashboardCalls(
  dashboard: Dashboard,
  elementIds: readonly number[],
  assets: Assets,
): object[] {
  const reads = [
    dashboard.path,
    assets.style.path,
    assets.script.path,
    assets.icon.path,
    `/api/dashboards/${dashboard.id}`,
    `/api/dashboards/${dashboard.id}/events`,
  ].map((path) => ({ method: 'GET', path }));
  const byParameters = groupByParameters(elementIds);
  const values = byParameters.map(({ ids, parameters }) => ({
    method: 'POST',
    path: '/api/elements/values',
    json: { elementId: { oneOf: ids }, parameters },
  }));
  const trends = byParameters.map(({ ids, parameters }) => ({
    method: 'POST',
    path: '/api/trends',
    json: {
      elementId: { oneOf: ids },
      parameter: { oneOf: parameters },
      from: momentAgo(TREND_SPAN / minute),
      to: momentAgo(0),
      points: TREND_POINTS,
    },
  }));
  const alarms = { method: 'POST', path: '/api/alarms/active', json: { elementIds, limit: ALARM_LIMIT } };
  return [...reads, ...values, ...trends, alarms];
}

/** Minutes that the clocks of this system, of the gateway and of the service may be apart. */
const CLOCK_DIFFERENCE = 2;

/** A moment in whole seconds so many minutes ago, or nearly so. */
function momentAgo(minutes: number): object {
  const bounds = [-minutes - CLOCK_DIFFERENCE, -minutes + CLOCK_DIFFERENCE];
  const time = bounds.map((bound) => `${bound < 0 ? '-' : '+'}${Math.abs(bound)}m`);
  return { time, format: 'unix-ms', fraction: 0, step: 1000 };
}

function groupByParameters(elementIds: readonly number[]): { ids: number[]; parameters: string[] }[] {
  const groups = new Map<string, { ids: number[]; parameters: string[] }>();
  for (const id of elementIds) {
    const element = findElement(id);
    if (!element) continue;
    const parameters = [...SHOWN_PARAMETERS[element.kind]];
    const group = groups.get(parameters.join()) ?? { ids: [], parameters };
    group.ids.push(id);
    groups.set(parameters.join(), group);
  }
  return [...groups.values()];
}
