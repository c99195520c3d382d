import { occurrencesAt } from './alarms.ts';
import type { MonitoredElement, Parameter } from './elements.ts';
import { seedOf, walk } from './walk.ts';

/** How long a fault takes to show fully in a value, and to leave it, in milliseconds. */
const RAMP = 4_000;

/** The value of a parameter at a moment (milliseconds since the epoch), rounded as it is shown. */
export function measure(element: MonitoredElement, parameter: Parameter, at: number): number {
  const calm = parameter.center + parameter.spread * walk(seedOf(`${element.id}.${parameter.name}`), at);
  const disturbed = occurrencesAt(element, at)
    .filter(({ fault }) => fault.effect?.parameter === parameter.name)
    .reduce((value, { fault, from, to }) => {
      const share = Math.min(1, (at - from) / RAMP, (to - at) / RAMP);
      return value + (fault.effect?.by ?? 0) * share;
    }, calm);
  const scale = 10 ** parameter.decimals;
  return Math.round(Math.min(parameter.max, Math.max(parameter.min, disturbed)) * scale) / scale;
}

export interface TrendPoint {
  readonly at: number;
  readonly value: number;
}

/** Evenly spaced values from one moment to another, both included; nothing that lies after `now`. */
export function trend(
  element: MonitoredElement,
  parameter: Parameter,
  { from, to, points, now }: { from: number; to: number; points: number; now: number },
): TrendPoint[] {
  const step = (to - from) / (points - 1);
  return Array.from({ length: points }, (_, index) => Math.round(from + index * step))
    .filter((at) => at <= now)
    .map((at) => ({ at, value: measure(element, parameter, at) }));
}
