import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { GatewayError, systemCodeOf } from './gateway-error.ts';
import { insecureAddress } from './service-origin.ts';

const webAddress = z.url({ protocol: /^https?$/, error: 'must be an http(s) address' });

/** A server's address; what it says beyond that would be ignored, so it is refused. */
const origin = webAddress.refine(
  (text) => {
    const url = URL.parse(text);
    return (
      url === null || (url.username + url.password + url.search + url.hash === '' && url.pathname === '/')
    );
  },
  { error: 'must name only the server, without user, path or query' },
);

/** How the gateway makes service users: as an administrator whose password lies in a file that only it can read. */
const administrator = {
  url: origin,
  adminName: z.string().min(1),
  adminPasswordFile: z.string().min(1),
};

const fileSchema = z.strictObject({
  service: origin,
  upstream: origin,
  stateDir: z.string().min(1),
  name: z.string().trim().min(1).max(100).default(hostname().slice(0, 100)),
  caFile: z.string().min(1).optional(),
  proxy: z
    .strictObject({
      url: webAddress,
      except: z.array(z.string().min(1).max(255)).max(200).default([]),
    })
    .optional(),
  console: z
    .strictObject({
      port: z.int().min(0).max(65_535),
      hostname: z.enum(['127.0.0.1', '::1', 'localhost']).default('127.0.0.1'),
    })
    .default({ port: 0, hostname: '127.0.0.1' }),
  adapter: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('hilltop'), ...administrator }),
      z.strictObject({ kind: z.literal('rabbitmq'), ...administrator }),
      z.strictObject({ kind: z.literal('none') }),
    ])
    .default({ kind: 'none' }),
  /**
   * Whether calls that an owner admits in the portal are let through here at once. Then the service decides, and this
   * side no longer has the last word.
   */
  acceptPortalAdmissions: z.boolean().default(false),
  listeners: z.int().min(1).max(4).default(2),
});

/** What a gateway is told by its configuration file and flags; relative paths are taken from the file's folder. */
export type GatewayConfiguration = Omit<z.infer<typeof fileSchema>, 'service' | 'upstream'> & {
  readonly service: URL;
  readonly upstream: URL;
};

export interface ConfigurationFlags {
  readonly config?: string | undefined;
  readonly service?: string | undefined;
  readonly upstream?: string | undefined;
  readonly state?: string | undefined;
}

export const defaultConfigurationFile = 'drawbridge-gateway.json';

async function readFileContent(file: string, mayBeMissing: boolean): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const missing = systemCodeOf(error) === 'ENOENT';
    if (missing && mayBeMissing) return {};
    throw new GatewayError(
      'config',
      missing
        ? `There is no configuration ${file}. Name one with --config FILE, or give --service URL --upstream URL --state FOLDER.`
        : `The configuration ${file} cannot be read: ${systemCodeOf(error) ?? 'unknown fault'}.`,
    );
  }
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch {
    throw new GatewayError('config', `The configuration ${file} is not a JSON object.`);
  }
}

/**
 * Reads the configuration.
 * @param defaultFile used when no flag names one
 * @throws GatewayError `config` that names each setting that is wrong
 */
export async function readGatewayConfiguration(
  flags: ConfigurationFlags,
  defaultFile = defaultConfigurationFile,
): Promise<GatewayConfiguration> {
  const file = resolve(flags.config ?? defaultFile);
  const complete = flags.service !== undefined && flags.upstream !== undefined && flags.state !== undefined;
  const content = await readFileContent(file, flags.config === undefined && complete);
  const parsed = fileSchema.safeParse({
    ...content,
    ...(flags.service !== undefined && { service: flags.service }),
    ...(flags.upstream !== undefined && { upstream: flags.upstream }),
    ...(flags.state !== undefined && { stateDir: resolve(flags.state) }),
  });
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => `  ${path.join('.') || 'file'}: ${message}`);
    throw new GatewayError('config', `The configuration ${file} is not usable:\n${wrong.join('\n')}`);
  }
  const service = new URL(parsed.data.service);
  const insecure = insecureAddress(service);
  if (insecure !== undefined) throw new GatewayError('config', `service: ${insecure}`);
  const at = (path: string) => resolve(dirname(file), path);
  const { adapter, caFile } = parsed.data;
  return {
    ...parsed.data,
    service: new URL(service.origin),
    upstream: new URL(new URL(parsed.data.upstream).origin),
    stateDir: at(parsed.data.stateDir),
    ...(caFile !== undefined && { caFile: at(caFile) }),
    adapter:
      adapter.kind === 'none' ? adapter : { ...adapter, adminPasswordFile: at(adapter.adminPasswordFile) },
  };
}
