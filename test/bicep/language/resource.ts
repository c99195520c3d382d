import { readOnlyMembers } from './read-only-members.ts';
import { isObject, Opaque, Reference, type ObjectValue, type Value } from './values.ts';

export interface Resource {
  readonly type: string;
  readonly apiVersion: string;
  /** With the names of its parents, by slashes. */
  readonly name: string;
  readonly id: string;
  /** Only referred to; deployed elsewhere, or before. */
  readonly existing: boolean;
  /** Id of the resource that it is an extension of, such as a lock or a role assignment. */
  readonly scope: string | undefined;
  /** As it is sent, without what says where it belongs. */
  readonly body: ObjectValue;
  /** File and name in it. */
  readonly origin: string;
}

/** What a name of a resource stands for in expressions. */
export class ResourceReference extends Reference {
  readonly resource: Resource;
  readonly #path: readonly string[];

  constructor(resource: Resource, path: readonly string[] = []) {
    super();
    this.resource = resource;
    this.#path = path;
  }

  get label(): string {
    return [this.resource.origin, ...this.#path].join('.');
  }

  member(name: string): Value {
    const { id, type, apiVersion, body, existing } = this.resource;
    const path = [...this.#path, name];
    const own: ObjectValue = { id, type, apiVersion, name: this.resource.name.split('/').at(-1) ?? '' };
    const [first = '', ...rest] = path;
    if (rest.length === 0 && own[first] !== undefined) return own[first];
    const written = existing ? undefined : lookUp(body, path);
    if (written !== undefined && !isObject(written)) return written;
    const wanted = path.join('.');
    const known = readOnlyMembers[type] ?? [];
    if (known.includes(wanted)) return new Opaque(`${this.resource.origin}.${wanted}`);
    if (isObject(written ?? null) || known.some((each) => each.startsWith(`${wanted}.`)))
      return new ResourceReference(this.resource, path);
    throw new Error(`${this.label} has no ${name} (of ${type}; see read-only-members.ts)`);
  }

  override call(name: string): Value {
    if (name !== 'listKeys' || this.#path.length > 0) return super.call(name);
    return { primaryKey: new Opaque(`${this.label}.listKeys().primaryKey`, true) };
  }
}

function lookUp(body: ObjectValue, path: readonly string[]): Value | undefined {
  let at: Value | undefined = body;
  for (const name of path) at = at !== undefined && isObject(at) ? at[name] : undefined;
  return at;
}
