import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProgram } from './program.ts';

/** Debian's Netdata: charts that update every second, assets with hashes in their names. */
export const startNetdata = () =>
  startProgram(
    'netdata',
    async ({ folder, port }) => {
      const inside = Object.fromEntries(
        await Promise.all(
          ['cache', 'lib', 'log'].map(async (name) => {
            await mkdir(join(folder, name));
            return [name, join(folder, name)] as const;
          }),
        ),
      );
      const off = ['apps', 'cgroups', 'tc', 'ebpf', 'python.d', 'go.d', 'charts.d', 'perf', 'nfacct'];
      await writeFile(
        join(folder, 'netdata.conf'),
        `[directories]
  cache = ${inside.cache}
  lib = ${inside.lib}
  log = ${inside.log}
  web = /usr/share/netdata/web
[db]
  mode = ram
  retention = 600
[web]
  bind to = 127.0.0.1
  default port = ${port}
[ml]
  enabled = no
[health]
  enabled = no
[cloud]
  enabled = no
[plugins]
${off.map((name) => `  ${name} = no`).join('\n')}
  enable running new plugins = no
`,
      );
      return { command: 'netdata', args: ['-D', '-c', join(folder, 'netdata.conf'), '-u', 'root'] };
    },
    async (origin) => {
      const response = await fetch(`${origin}/api/v1/data?chart=system.cpu&after=-3`);
      return response.ok && /\[\s*\d+/.test(await response.text());
    },
  );
