import { createHash } from 'node:crypto';
import { isObject, joined, Opaque, type ObjectValue, type Value } from './values.ts';

/** Where a template is deployed to. */
export interface Place {
  readonly subscriptionId: string;
  /** None at the scope of the subscription. */
  readonly group: string | undefined;
}

export const groupId = ({ subscriptionId, group }: Place): string =>
  group === undefined
    ? `/subscriptions/${subscriptionId}`
    : `/subscriptions/${subscriptionId}/resourceGroups/${group}`;

const hash = (values: readonly Value[]) =>
  createHash('sha256')
    .update(JSON.stringify(values.map((value) => joined([value]))))
    .digest();

export const text = (value: Value): string => {
  if (typeof value !== 'string') throw new Error('wants a string that is known before deployment');
  return value;
};
const list = (value: Value): Value[] => {
  if (!Array.isArray(value)) throw new Error('wants an array');
  return value;
};
const object = (value: Value): ObjectValue => {
  if (!isObject(value)) throw new Error('wants an object');
  return value;
};
const number = (value: Value): number => {
  if (typeof value !== 'number') throw new Error('wants a number');
  return value;
};
const lambda = (value: Value) => {
  if (typeof value !== 'function') throw new Error('wants a lambda');
  return value;
};

/** `/subscriptions/S/resourceGroups/G/providers/A.B/c/NAME/d/NAME` */
export function resourceId(prefix: string, type: string, names: readonly string[]): string {
  const [provider = '', ...kinds] = type.split('/');
  if (kinds.length !== names.length) throw new Error(`${type} wants ${kinds.length} names`);
  return [prefix, 'providers', provider, ...kinds.flatMap((kind, n) => [kind, names[n] ?? ''])].join('/');
}

/** The functions of Bicep that the templates use. Whatever is not here fails by name. */
export const functionsAt = (place: Place): Readonly<Record<string, (...given: Value[]) => Value>> => ({
  resourceGroup: (name) => {
    if (name !== undefined) return { group: text(name) };
    if (place.group === undefined)
      throw new Error('there is no resource group at the scope of the subscription');
    return { id: groupId(place), name: place.group };
  },
  subscription: () => ({
    id: `/subscriptions/${place.subscriptionId}`,
    subscriptionId: place.subscriptionId,
  }),
  tenant: () => ({ tenantId: '11111111-1111-4111-8111-111111111111' }),
  environment: () => ({ suffixes: { storage: 'core.windows.net' } }),
  subscriptionResourceId: (type, ...names) =>
    resourceId(`/subscriptions/${place.subscriptionId}`, text(type ?? null), names.map(text)),
  resourceId: (type, ...names) => resourceId(groupId(place), text(type ?? null), names.map(text)),
  // Both are the same whenever the same is given, and as long as Azure's.
  uniqueString: (...given) =>
    BigInt(`0x${hash(given).toString('hex')}`)
      .toString(32)
      .slice(0, 13),
  guid: (...given) =>
    hash(given)
      .toString('hex')
      .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5'),
  empty: (value = null) =>
    value === null ||
    value === '' ||
    (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0),
  concat: (...given) => given.flatMap(list),
  union: (...given) => Object.assign({}, ...given.map(object)) as ObjectValue,
  take: (value = null, count = null) =>
    (typeof value === 'string' ? value : list(value)).slice(0, number(count)),
  contains: (value = null, wanted = null) =>
    Array.isArray(value)
      ? value.includes(wanted)
      : typeof value === 'string'
        ? value.includes(text(wanted))
        : text(wanted) in object(value),
  endsWith: (value = null, wanted = null) => text(value).endsWith(text(wanted)),
  replace: (value = null, from = null, to = null) => text(value).replaceAll(text(from), text(to)),
  split: (value = null, by = null) => text(value).split(text(by)),
  join: (value = null, by = null) =>
    value instanceof Opaque
      ? new Opaque(`join(${value.what})`, value.secret)
      : list(value).map(text).join(text(by)),
  map: (value = null, each = null) => list(value).map((item) => lambda(each)(item)),
});

/** Equality of values that are known. */
export function same(a: Value, b: Value): boolean {
  if (a instanceof Opaque || b instanceof Opaque) throw new Error('cannot be compared before deployment');
  return JSON.stringify(a) === JSON.stringify(b);
}
