import { readConfiguration } from '../../shared/configuration.ts';
import { systemRandom } from '../../shared/system-clock.ts';
import { traceIdsOnly, type Telemetry } from '../../shared/telemetry/telemetry.ts';

let telemetry = traceIdsOnly(systemRandom);

/** Of this host: ids alone, until the app has started where something takes traces and metrics. */
export const hostTelemetry: Telemetry = {
  span: (...args) => telemetry.span(...args),
  context: () => telemetry.context(),
  count: (...args) => telemetry.count(...args),
  measure: (...args) => telemetry.measure(...args),
  quietly: (work) => telemetry.quietly(work),
  close: () => telemetry.close(),
};

/** Begins to tell, where something takes it; nothing of it is loaded where nothing is set. */
export async function startTelemetry(): Promise<void> {
  // eslint-disable-next-line no-restricted-properties -- the composition root
  const { telemetry: settings } = readConfiguration(process.env);
  if (settings === undefined) return;
  const { openTelemetry } = await import('../../shared/telemetry/open-telemetry.ts');
  telemetry = await openTelemetry(settings);
}
