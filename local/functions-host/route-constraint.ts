/** Says whether a route value is acceptable; the value is percent-decoded already. */
export type RouteConstraint = (value: string) => boolean;

type Factory = (text: string) => RouteConstraint;

const int32 = { least: -(2n ** 31n), most: 2n ** 31n - 1n };
const int64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

// .NET's integer parsing takes a sign and surrounding white space, and so do the constraints of Azure's router.
function integerBetween(least: bigint, most: bigint): RouteConstraint {
  return (value) => {
    if (!/^\s*[+-]?\d+\s*$/.test(value)) return false;
    const number = BigInt(value.trim().replace(/^\+/, ''));
    return number >= least && number <= most;
  };
}

function integers(name: string, text: string, count: readonly number[]): bigint[] {
  const parts = text.split(',').map((part) => part.trim());
  if (!count.includes(parts.length) || parts.some((part) => !/^[+-]?\d+$/.test(part))) {
    throw new Error(`route constraint "${name}" does not take "${text}"`);
  }
  return parts.map((part) => BigInt(part.replace(/^\+/, '')));
}

function lengthBetween(least: number, most: number): RouteConstraint {
  return (value) => value.length >= least && value.length <= most;
}

function withoutText(name: string, constraint: RouteConstraint): Factory {
  return (text) => {
    if (text !== '') throw new Error(`route constraint "${name}" takes no argument`);
    return constraint;
  };
}

const guid =
  /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}|\([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\))$/i;

const factories: Readonly<Record<string, Factory>> = {
  int: withoutText('int', integerBetween(int32.least, int32.most)),
  long: withoutText('long', integerBetween(int64.least, int64.most)),
  bool: withoutText('bool', (value) => /^\s*(?:true|false)\s*$/i.test(value)),
  guid: withoutText('guid', (value) => guid.test(value.trim())),
  alpha: withoutText('alpha', (value) => /^[a-z]*$/i.test(value)),
  required: withoutText('required', (value) => value !== ''),
  min: (text) => {
    const [least = 0n] = integers('min', text, [1]);
    return integerBetween(least, int64.most);
  },
  max: (text) => {
    const [most = 0n] = integers('max', text, [1]);
    return integerBetween(int64.least, most);
  },
  range: (text) => {
    const [least = 0n, most = 0n] = integers('range', text, [2]);
    return integerBetween(least, most);
  },
  minlength: (text) => {
    const [least = 0n] = integers('minlength', text, [1]);
    return lengthBetween(Number(least), Infinity);
  },
  maxlength: (text) => {
    const [most = 0n] = integers('maxlength', text, [1]);
    return lengthBetween(0, Number(most));
  },
  length: (text) => {
    const [least = 0n, most = least] = integers('length', text, [1, 2]);
    return lengthBetween(Number(least), Number(most));
  },
  // Azure's router neither anchors the expression nor heeds letter case.
  regex: (text) => {
    const expression = new RegExp(text, 'i');
    return (value) => expression.test(value);
  },
};

/**
 * The inline constraint `name(text)` of an ASP.NET Core route template.
 * @throws Error naming the constraint, when it is unknown or its argument does not fit
 */
export function routeConstraint(name: string, text: string): RouteConstraint {
  const factory = Object.hasOwn(factories, name.toLowerCase()) ? factories[name.toLowerCase()] : undefined;
  if (factory === undefined) throw new Error(`unknown route constraint "${name}"`);
  return factory(text);
}
