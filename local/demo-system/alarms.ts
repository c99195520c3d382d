import { findElement, SEVERITIES, type Fault, type MonitoredElement, type Severity } from './elements.ts';
import { chance, seedOf } from './walk.ts';

/** One occurrence of a fault. The moments are milliseconds since the epoch. */
export interface Occurrence {
  readonly fault: Fault;
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

export interface Alarm {
  readonly id: string;
  readonly elementId: number;
  readonly elementName: string;
  readonly severity: Severity;
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly raisedAt: number;
}

/** The faults of an element that are present at a moment; decided by the moment alone. */
export function occurrencesAt(element: MonitoredElement, at: number): Occurrence[] {
  return element.faults.flatMap((fault) => {
    const occurrence = occurrenceNear(element.id, fault, at);
    return occurrence && at >= occurrence.from && at < occurrence.to ? [occurrence] : [];
  });
}

function occurrenceNear(elementId: number, fault: Fault, at: number): Occurrence | undefined {
  const seed = seedOf(`${elementId}/${fault.code}`);
  const span = fault.span * 1000;
  const number = Math.floor(at / span);
  if (chance(seed, number) >= fault.likelihood) return undefined;
  const [shortest, longest] = fault.lasts;
  const lasts = (shortest + chance(seed + 1, number) * (longest - shortest)) * 1000;
  const from = Math.round(number * span + chance(seed + 2, number) * (span - lasts));
  return { fault, number, from, to: from + Math.round(lasts) };
}

/** Active alarms of the elements, worst first, then newest first. */
export function activeAlarms(elementIds: readonly number[], at: number): Alarm[] {
  return elementIds
    .flatMap((id) => {
      const element = findElement(id);
      return element ? occurrencesAt(element, at).map((occurrence) => alarmOf(element, occurrence)) : [];
    })
    .sort(
      (one, other) =>
        rank(one.severity) - rank(other.severity) ||
        other.raisedAt - one.raisedAt ||
        (one.id < other.id ? -1 : 1),
    );
}

const alarmOf = (element: MonitoredElement, { fault, number, from }: Occurrence): Alarm => ({
  id: `${element.id}-${fault.code}-${number}`,
  elementId: element.id,
  elementName: element.name,
  severity: fault.severity,
  text: fault.text,
  raisedAt: from,
});

const rank = (severity: Severity): number => SEVERITIES.indexOf(severity);
