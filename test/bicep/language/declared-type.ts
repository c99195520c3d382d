import type { Node } from 'web-tree-sitter';
import { partsOf } from './grammar.ts';
import { isObject, Opaque, type Value } from './values.ts';

export type Types = ReadonlyMap<string, Node>;

const kinds: Readonly<Record<string, (value: Value) => boolean>> = {
  string: (value) => typeof value === 'string',
  int: (value) => Number.isInteger(value),
  bool: (value) => typeof value === 'boolean',
};

/**
 * Whether a value is of the type that is declared for it. What is only known at deployment is taken for a string, or
 * for an array.
 *
 * @param types those that the file declares
 * @returns what is wrong, undefined when nothing is
 * @throws Error on a type that this knows nothing of
 */
export function typeComplaint(type: Node, value: Value, types: Types): string | undefined {
  switch (type.type) {
    case 'type': {
      const [inner] = partsOf(type);
      return inner && typeComplaint(inner, value, types);
    }
    case 'identifier': {
      const named = types.get(type.text);
      if (!named) throw new Error(`the type ${type.text} is not declared`);
      return typeComplaint(named, value, types);
    }
    case 'primitive_type': {
      const fits = kinds[type.text];
      if (!fits) throw new Error(`this evaluator does not know the type ${type.text}`);
      if (value instanceof Opaque) return type.text === 'string' ? undefined : `${type.text} is wanted`;
      return fits(value) ? undefined : `${type.text} is wanted`;
    }
    case 'array_type': {
      const [inner] = partsOf(type);
      if (value instanceof Opaque) return undefined;
      if (!Array.isArray(value) || !inner) return 'an array is wanted';
      return value.map((each) => typeComplaint(inner, each, types)).find((each) => each !== undefined);
    }
    case 'object':
      return objectComplaint(type, value, types);
    default:
      throw new Error(`this evaluator does not know ${type.type} (${type.text})`);
  }
}

/** An object type without members takes any object. */
function objectComplaint(type: Node, value: Value, types: Types): string | undefined {
  if (!isObject(value)) return 'an object is wanted';
  const wanted = new Map<string, Node>();
  for (const property of partsOf(type)) {
    const inner = partsOf(property).at(-1);
    if (inner) wanted.set(property.child(0)?.text ?? '', inner);
  }
  if (wanted.size === 0) return undefined;
  for (const [name, each] of Object.entries(value)) {
    const inner = wanted.get(name);
    if (!inner) return `there is no ${name} in this type`;
    const complaint = typeComplaint(inner, each, types);
    if (complaint) return `${name}: ${complaint}`;
  }
  const missing = [...wanted.keys()].find((name) => !Object.hasOwn(value, name));
  return missing === undefined ? undefined : `${missing} is missing`;
}
