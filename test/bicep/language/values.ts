/** Only known when it is deployed: an id that Azure makes up, an address, a key. */
export class Opaque {
  readonly what: string;
  /** It is a credential, or has one in it. */
  readonly secret: boolean;

  constructor(what: string, secret = false) {
    this.what = what;
    this.secret = secret;
  }
}

export type Value = null | boolean | number | string | Opaque | Reference | Lambda | Value[] | ObjectValue;
export interface ObjectValue {
  readonly [member: string]: Value;
}
export type Lambda = (...given: Value[]) => Value;

/** Something with members that are looked up one by one: a resource, a module, a part of one. */
export abstract class Reference {
  abstract readonly label: string;
  /** @throws Error when there is none of that name */
  abstract member(name: string): Value;
  /** @throws Error when there is none of that name */
  call(name: string): Value {
    throw new Error(`${this.label} has no function ${name}()`);
  }
}

export const isObject = (value: Value): value is ObjectValue =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Opaque || value instanceof Reference);

/** Whether a value, or anything in it, is a credential. */
export function holdsSecret(value: Value): boolean {
  if (value instanceof Opaque) return value.secret;
  if (Array.isArray(value)) return value.some(holdsSecret);
  return isObject(value) && Object.values(value).some(holdsSecret);
}

/** Text of values side by side: known when all are. */
export function joined(parts: readonly Value[]): string | Opaque {
  const texts = parts.map((part) => {
    if (part instanceof Opaque) return `<${part.what}>`;
    if (typeof part === 'string' || typeof part === 'number' || typeof part === 'boolean')
      return String(part);
    throw new Error('only strings, numbers and booleans fit into a string');
  });
  const opaque = parts.filter((part) => part instanceof Opaque);
  return opaque.length === 0
    ? texts.join('')
    : new Opaque(
        texts.join(''),
        opaque.some(({ secret }) => secret),
      );
}
