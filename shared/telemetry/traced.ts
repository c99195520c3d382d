import type { Attributes, MetricName, Telemetry } from './telemetry.ts';

type Method = (...args: never[]) => Promise<unknown>;

/** Which methods of `T` become spans, and what each tells: never more than names and outcomes. */
export type Told<T> = {
  readonly [Name in keyof T as T[Name] extends Method ? Name : never]?: (
    ...args: Parameters<Extract<T[Name], Method>>
  ) => Attributes;
};

/**
 * The same object, whose calls are spans named `{kind}.{method}` and are counted by outcome.
 * @param outcomeOf what a result counts as, where it is not simply `ok`
 */
export function traced<T extends object>(
  telemetry: Telemetry,
  {
    kind,
    metric,
    outcomeOf = () => 'ok',
  }: { kind: string; metric: MetricName; outcomeOf?: (result: unknown) => string },
  inner: T,
  told: Told<T>,
): T {
  const wrapped = new Map<string | symbol, unknown>(
    Object.entries(told).map(([name, attributesOf]) => {
      const call = Reflect.get(inner, name) as (...args: unknown[]) => Promise<unknown>;
      const describe = attributesOf as (...args: unknown[]) => Attributes;
      return [
        name,
        (...args: unknown[]) => {
          const attributes = describe(...args);
          const count = (outcome: string) =>
            telemetry.count(metric, { ...attributes, operation: name, outcome });
          return telemetry.span(`${kind}.${name}`, attributes, async (span) => {
            try {
              const result = await Reflect.apply(call, inner, args);
              const outcome = outcomeOf(result);
              span.set({ outcome });
              count(outcome);
              return result;
            } catch (error) {
              count(error instanceof Error ? error.name : 'error');
              throw error;
            }
          });
        },
      ] as const;
    }),
  );
  return new Proxy(inner, {
    get(target, name) {
      const value: unknown = wrapped.get(name) ?? Reflect.get(target, name);
      // Private members belong to the object itself, and to nobody who stands in for it.
      return typeof value === 'function' && !wrapped.has(name) ? (value.bind(target) as unknown) : value;
    },
  });
}
