import { freePort } from '../../../local/free-port.ts';
import { startFunctionsHost } from '../../../local/functions-host/functions-host.ts';
import { silentLog } from '../../../shared/log.ts';
import { systemClock } from '../../../shared/system-clock.ts';

/** Loads a function app and asks it once; says how long both took, in milliseconds. */
const [entryPoint = '', path = '/'] = process.argv.slice(2);
const port = await freePort();
const started = performance.now();
const host = await startFunctionsHost({
  entryPoints: [entryPoint],
  port,
  log: silentLog,
  clock: systemClock,
});
const loaded = performance.now();
const response = await fetch(`http://127.0.0.1:${port}${path}`);
await response.arrayBuffer();
const answered = performance.now();
process.stdout.write(
  JSON.stringify({
    status: response.status,
    load: loaded - started,
    first: answered - loaded,
    whole: answered,
  }),
);
await host.close();
process.exit(0);
