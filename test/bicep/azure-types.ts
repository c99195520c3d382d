import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { isObject, Opaque, type Value } from './language/values.ts';
import type { Resource } from './language/resource.ts';

const folder = join(__dirname, 'azure-types');

/** API versions of each type, newest first. */
export const publishedVersions = JSON.parse(readFileSync(join(folder, 'versions.json'), 'utf8')) as Readonly<
  Record<string, readonly string[]>
>;

const ajv = new Ajv2020({ allErrors: true, strict: false, discriminator: true });
const validators = new Map<string, ValidateFunction>();

/** @throws Error when the type is not in the folder */
function validatorOf(type: string, apiVersion: string): ValidateFunction {
  const name = `${type.replaceAll('/', '.')}@${apiVersion}.json`;
  const known = validators.get(name);
  if (known) return known;
  const file = join(folder, name);
  if (!existsSync(file))
    throw new Error(`There is no schema for ${type}@${apiVersion} in test/bicep/azure-types`);
  const made = ajv.compile(JSON.parse(readFileSync(file, 'utf8')) as object);
  validators.set(name, made);
  return made;
}

/** What the type of a resource has against it; nothing where only the deployment will know. */
export function complaints({ type, apiVersion, body, origin }: Resource): string[] {
  const opaque = new Set<string>();
  const validate = validatorOf(type, apiVersion);
  if (validate(plain(body, '', opaque))) return [];
  return (validate.errors ?? [])
    .filter(({ instancePath }) => !opaque.has(instancePath))
    .map((error) => `${origin} (${type}) ${error.instancePath || '/'} ${words(error)}`);
}

const words = ({ message = '', params }: ErrorObject): string =>
  `${message} ${JSON.stringify(params.additionalProperty ?? params.allowedValues ?? params.missingProperty ?? '')}`.trim();

function plain(value: Value, path: string, opaque: Set<string>): unknown {
  if (value instanceof Opaque) {
    opaque.add(path);
    return value.what;
  }
  if (Array.isArray(value)) return value.map((each, n) => plain(each, `${path}/${n}`, opaque));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      plain(each, `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, opaque),
    ]),
  );
}
