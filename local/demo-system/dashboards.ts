/** The dashboards of Hilltop Monitor, and which parameters each shows of which elements. */

export interface Dashboard {
  readonly id: string;
  readonly title: string;
  readonly path: string;
  readonly elementIds: readonly number[];
}

/** Shown on a dashboard, by kind of element; the first is the big figure. */
export const SHOWN_PARAMETERS = {
  transmitter: ['power', 'temperature'],
  router: ['throughput', 'cpu'],
  encoder: ['bitrate', 'loudness'],
  ups: ['load', 'charge'],
  sensor: ['temperature', 'humidity'],
} as const;

export const ALARM_LIMIT = 20;
export const TREND_POINTS = 60;
/** Milliseconds that a trend on a dashboard reaches back. */
export const TREND_SPAN = 600_000;

const dashboard = (id: string, title: string, elementIds: readonly number[]): Dashboard => ({
  id,
  title,
  path: `/dashboards/${id}`,
  elementIds,
});

export const DASHBOARDS: readonly Dashboard[] = [
  dashboard('north', 'Transmitter site North', [101, 102, 103]),
  dashboard('headend', 'Headend overview', [201, 202, 301, 302, 303]),
  dashboard('power', 'Power & cooling', [401, 402, 501, 502]),
];

export const findDashboard = (id: string): Dashboard | undefined =>
  DASHBOARDS.find((candidate) => candidate.id === id);
