import { AsyncLocalStorage } from 'node:async_hooks';
import type { Random } from '../clock.ts';
import { nextContext, type TraceContext } from './trace-context.ts';

/** Neither secrets nor anything about people: names of functions and containers, statuses, ids of shares and systems. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** What is counted; the README says what each is. */
export const metricNames = [
  'drawbridge.requests',
  'drawbridge.events',
  'drawbridge.store.calls',
  'drawbridge.store.retries',
  'drawbridge.relay.requests',
  'drawbridge.messages',
  'drawbridge.secrets.calls',
  'drawbridge.backup.calls',
] as const;

export type MetricName = (typeof metricNames)[number];

/** What is measured, in seconds. */
export const measureNames = ['drawbridge.backup.age'] as const;

export type MeasureName = (typeof measureNames)[number];

export interface Span {
  /** Adds to what the span tells. */
  set(attributes: Attributes): void;
}

/** Tells what the service does, to whoever operates it. */
export interface Telemetry {
  /**
   * Runs work as one span of the trace under way; what it throws marks the span as failed and is thrown on.
   * @param parent of another process, where the trace began there
   */
  span<T>(
    name: string,
    attributes: Attributes,
    work: (span: Span) => Promise<T>,
    parent?: TraceContext,
  ): Promise<T>;
  /** The span under way. */
  context(): TraceContext | undefined;
  count(metric: MetricName, attributes: Attributes): void;
  /** @param value which it has from now on, until it is measured again */
  measure(name: MeasureName, value: number): void;
  /** Runs work that makes no spans: what is asked again and again while something is open. It is counted all the same. */
  quietly<T>(work: () => Promise<T>): Promise<T>;
  /** Hands over what is left to tell. Never throws. */
  close(): Promise<void>;
}

/** Where nothing is exported, requests still have an id that goes through the tunnel and into the log. */
export function traceIdsOnly(random: Random): Telemetry {
  const running = new AsyncLocalStorage<TraceContext>();
  const none: Span = { set: () => {} };
  return {
    span: (_name, _attributes, work, parent) =>
      running.run(nextContext(random, parent ?? running.getStore()), () => work(none)),
    context: () => running.getStore(),
    count: () => {},
    measure: () => {},
    quietly: (work) => work(),
    close: async () => {},
  };
}
