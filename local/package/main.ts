import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../../shared/package-root.ts';
import { packageGateway, packageService, type Made } from './service-package.ts';

const manifest = z
  .object({ version: z.string(), dependencies: z.object({ 'playwright-core': z.string() }) })
  .parse(JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8')));

const say = (what: string, { folder, files, bytes }: Made) =>
  process.stdout.write(
    `${what.padEnd(8)} ${relative(process.cwd(), folder)}  ${files} files, ${(bytes / 1e6).toFixed(1)} MB\n`,
  );

const { version, dependencies } = manifest;
say('service', await packageService(packageRoot, version, join(packageRoot, 'dist/package')));
say(
  'gateway',
  await packageGateway(
    packageRoot,
    version,
    join(packageRoot, 'dist/gateway-package'),
    dependencies['playwright-core'],
  ),
);
