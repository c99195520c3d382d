import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** What the host takes from the app's `host.json`. */
export interface HostConfiguration {
  /** The folder that holds `host.json`, which is the function app's. */
  readonly directory: string;
  /** Put before every route; without slashes at its ends. */
  readonly routePrefix: string;
}

const hostJson = z.object({
  version: z.literal('2.0'),
  extensions: z
    .object({ http: z.object({ routePrefix: z.string().default('api') }).default({ routePrefix: 'api' }) })
    .optional(),
});

/**
 * Reads the nearest `host.json` in the folder of an entry point or above it.
 * @throws Error when there is none, or it is not a version 2.0 configuration
 */
export function readHostConfiguration(entryPoint: string): HostConfiguration {
  for (let directory = dirname(entryPoint); ; directory = dirname(directory)) {
    const file = join(directory, 'host.json');
    if (existsSync(file)) {
      const { extensions } = hostJson.parse(JSON.parse(readFileSync(file, 'utf8')));
      const routePrefix = extensions?.http.routePrefix ?? 'api';
      return { directory, routePrefix: routePrefix.replaceAll(/^\/+|\/+$/g, '') };
    }
    if (directory === dirname(directory)) throw new Error(`There is no host.json above "${entryPoint}".`);
  }
}
