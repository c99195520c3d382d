import { isObject, Opaque, type ObjectValue, type Value } from '../language/values.ts';
import type { Chosen } from '../deployment.ts';
import type { Resource } from '../language/resource.ts';

/** A rule about a deployment: what breaks it, in words; nothing when it holds. */
export interface Invariant {
  readonly name: string;
  readonly broken: (deployment: Deployment) => string[];
}

/** What a choice of parameters deploys, with the questions that invariants ask. */
export class Deployment {
  readonly resources: readonly Resource[];
  readonly outputs: ObjectValue;
  readonly parameters: ObjectValue;

  constructor({ resources, outputs, parameters }: Chosen) {
    this.resources = resources;
    this.outputs = outputs;
    this.parameters = parameters;
  }

  /** Whether an option of main.bicep is on, which it is unless the choice says otherwise. */
  on(option: 'secondRegion' | 'privateNetwork' | 'lock'): boolean {
    return this.parameters[option] !== false;
  }

  of(type: string): Resource[] {
    return this.resources.filter((resource) => resource.type === type);
  }

  /** @throws Error unless there is exactly one */
  one(type: string, which: (resource: Resource) => boolean = () => true): Resource {
    const [found, more] = this.of(type).filter(which);
    if (!found || more) throw new Error(`one ${type} is wanted`);
    return found;
  }

  /** The extensions of a resource, such as its locks. */
  extensionsOf(resource: Resource, type: string): Resource[] {
    return this.of(type).filter(({ scope }) => scope === resource.id);
  }

  childrenOf(resource: Resource, type: string): Resource[] {
    return this.of(type).filter(({ name }) => name.startsWith(`${resource.name}/`));
  }
}

/** The value at a path of members and indexes, such as `properties.locations.0.name`. */
export function at(resource: Resource, path: string): Value | undefined {
  let value: Value | undefined = resource.body;
  for (const name of path.split('.')) {
    if (Array.isArray(value)) value = value[Number(name)];
    else value = value !== undefined && isObject(value) ? value[name] : undefined;
  }
  return value;
}

export const list = (value: Value | undefined): Value[] => (Array.isArray(value) ? value : []);
export const object = (value: Value | undefined): ObjectValue =>
  value !== undefined && isObject(value) ? value : {};

const shown = (value: Value | undefined): string =>
  value instanceof Opaque ? `<${value.what}>` : (JSON.stringify(value) ?? 'nothing');

/** What of this is not so. */
export function differences(resource: Resource, wanted: Readonly<Record<string, Value>>): string[] {
  return Object.entries(wanted).flatMap(([path, value]) => {
    const is = at(resource, path);
    return shown(is) === shown(value)
      ? []
      : [`${resource.origin}: ${path} is ${shown(is)}, not ${shown(value)}`];
  });
}

export const unless = (holds: boolean, complaint: string): string[] => (holds ? [] : [complaint]);

export const textOf = (value: Value | undefined): string =>
  value instanceof Opaque ? value.what : typeof value === 'string' ? value : '';
