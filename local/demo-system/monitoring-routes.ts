import { z } from 'zod';
import { forCaller, parameterOf, readableDashboard, readableElement, readableElementIds } from './access.ts';
import { activeAlarms } from './alarms.ts';
import { dashboardCalls } from './dashboard-calls.ts';
import { DASHBOARDS, SHOWN_PARAMETERS, type Dashboard } from './dashboards.ts';
import { findElement, findParameter } from './elements.ts';
import { json, type Route } from './exchange.ts';
import type { Hilltop } from './hilltop.ts';
import { HttpError } from './http-error.ts';
import { measure, trend } from './measurements.ts';
import { mayReadDashboard } from './permissions.ts';
import { readJson } from './request-body.ts';

const elementId = z.int().min(1).max(999_999);
const parameterName = z.string().min(1).max(40);
const moment = z.int().min(0).max(8.64e15);

const valuesSchema = z.strictObject({ elementId, parameters: z.array(parameterName).min(1).max(20) });
const alarmsSchema = z.strictObject({
  elementIds: z.array(elementId).min(1).max(100),
  limit: z.int().min(1).max(100),
});
const trendSchema = z.strictObject({
  elementId,
  parameter: parameterName,
  from: moment,
  to: moment,
  points: z.int().min(2).max(500),
});
/** Milliseconds: a month. */
const LONGEST_TREND = 31 * 24 * 3_600_000;

const headline = ({ id, title, path, elementIds }: Dashboard) => ({ id, title, path, elementIds });

/** The JSON API that dashboards read. Moments are milliseconds since the epoch. */
export const monitoringRoutes = ({ clock, assets, streams }: Hilltop): readonly Route[] => [
  {
    method: 'POST',
    path: '/api/elements/values',
    answer: forCaller(async ({ request, caller }) => {
      const asked = await readJson(request, valuesSchema);
      const element = readableElement(caller.user, asked.elementId);
      const at = clock.now();
      const values = asked.parameters.map((name) => {
        const parameter = parameterOf(element, name);
        return { parameter: name, value: measure(element, parameter, at), unit: parameter.unit };
      });
      return json({ elementId: element.id, at, values });
    }),
  },
  {
    method: 'POST',
    path: '/api/alarms/active',
    answer: forCaller(async ({ request, caller }) => {
      const { elementIds, limit } = await readJson(request, alarmsSchema);
      for (const id of elementIds) readableElement(caller.user, id);
      const at = clock.now();
      const alarms = activeAlarms([...new Set(elementIds)], at);
      return json({ at, total: alarms.length, alarms: alarms.slice(0, limit) });
    }),
  },
  {
    method: 'POST',
    path: '/api/trends',
    answer: forCaller(async ({ request, caller }) => {
      const { from, to, points, ...asked } = await readJson(request, trendSchema);
      const element = readableElement(caller.user, asked.elementId);
      const parameter = parameterOf(element, asked.parameter);
      if (to <= from || to - from > LONGEST_TREND) {
        throw new HttpError('malformed', 'to: must be after from, by a month at most.');
      }
      const values = trend(element, parameter, { from, to, points, now: clock.now() });
      return json({ elementId: element.id, parameter: parameter.name, unit: parameter.unit, points: values });
    }),
  },
  {
    method: 'GET',
    path: '/api/dashboards',
    answer: forCaller(async ({ caller }) =>
      json({ dashboards: DASHBOARDS.filter(({ id }) => mayReadDashboard(caller.user, id)).map(headline) }),
    ),
  },
  {
    method: 'GET',
    path: '/api/dashboards/:id',
    answer: forCaller(async ({ params, caller }) => {
      const dashboard = readableDashboard(caller.user, params.id ?? '');
      const elementIds = readableElementIds(caller.user, dashboard);
      return json({
        ...headline(dashboard),
        elements: elementIds.map(shownElement),
        calls: dashboardCalls(dashboard, elementIds, assets),
      });
    }),
  },
  {
    method: 'GET',
    path: '/api/dashboards/:id/events',
    answer: forCaller(async ({ params, caller }) => {
      const dashboard = readableDashboard(caller.user, params.id ?? '');
      const elementIds = readableElementIds(caller.user, dashboard);
      streams.requireRoom();
      return {
        status: 200,
        headers: { 'content-type': 'text/event-stream' },
        stream: (response) => streams.open(response, elementIds, () => caller.stillThere()),
      };
    }),
  },
];

function shownElement(id: number): object | undefined {
  const element = findElement(id);
  if (!element) return undefined;
  const { name, kind, place } = element;
  const parameters = SHOWN_PARAMETERS[kind].flatMap((shown) => {
    const parameter = findParameter(element, shown);
    return parameter
      ? [{ name: shown, label: parameter.label, unit: parameter.unit, decimals: parameter.decimals }]
      : [];
  });
  return { id, name, kind, place, parameters };
}
