// Loads a packaged function app in the one-machine host, asks for each path in turn, and says on its last line which of
// the app's files were loaded: first what came with the app itself, then what each first request brought.
import { registerHooks } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as freePortModule from '../../../local/free-port.ts';
import type * as hostModule from '../../../local/functions-host/functions-host.ts';

const [root = '', folder = '', ...paths] = process.argv.slice(2);
let loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    const file = url.startsWith('file:') ? relative(folder, fileURLToPath(url)) : '..';
    if (!file.startsWith('..')) loaded.push(file);
    return next(url, context);
  },
});
/** From what is compiled: this program runs without Jest. */
const compiled = (file: string): Promise<unknown> => import(pathToFileURL(`${root}/dist/local/${file}`).href);
const { startFunctionsHost } = (await compiled('functions-host/functions-host.js')) as typeof hostModule;
const { freePort } = (await compiled('free-port.js')) as typeof freePortModule;

const port = await freePort();
const log = { debug() {}, info() {}, warn() {}, error() {} };
const clock = { now: () => Date.now() };
const host = await startFunctionsHost({ entryPoints: [`${folder}/main.js`], port, log, clock });
const answers = [{ path: '', status: 0, loaded }];
for (const path of paths) {
  loaded = [];
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual' });
  await response.arrayBuffer();
  answers.push({ path, status: response.status, loaded });
}
process.stdout.write(`\n${JSON.stringify(answers)}`);
await host.close();
process.exit(0);
