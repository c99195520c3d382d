import { isObject, Opaque, type Value } from './language/values.ts';
import type { Resource } from './language/resource.ts';

/**
 * What is deployed, as one Bicep file without parameters, conditions, loops and modules: for a scanner that does not
 * resolve these. What only the deployment knows stands there as text.
 */
export const resolvedBicep = (resources: readonly Resource[]): string =>
  resources
    .map(
      ({ type, apiVersion, name, body }, n) =>
        `resource r${n} '${type}@${apiVersion}' = ${written({ ...body, name }, '')}\n`,
    )
    .join('\n');

function written(value: Value, indent: string): string {
  const deeper = `${indent}  `;
  if (value instanceof Opaque) return quoted(`<${value.what}>`);
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value))
    return value.length === 0
      ? '[]'
      : `[\n${value.map((each) => `${deeper}${written(each, deeper)}\n`).join('')}${indent}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, each]) => {
    const name = /^[A-Za-z_]\w*$/.test(key) ? key : quoted(key);
    return `${deeper}${name}: ${written(each, deeper)}\n`;
  });
  return members.length === 0 ? '{}' : `{\n${members.join('')}${indent}}`;
}

const quoted = (text: string) =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('${', '\\${').replaceAll('\n', '\\n')}'`;
