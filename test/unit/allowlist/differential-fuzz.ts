import { asking, type RuleWithoutId } from './asking.ts';

const rules: RuleWithoutId[] = [
  { method: 'GET', path: ['a'] },
  { method: 'GET', path: ['a', 'b'], query: [{ name: 'q', value: 'up' }] },
  {
    method: 'GET',
    path: ['a', { text: { characters: 'text', max: 20 } }],
    query: [{ name: 'n', value: { integer: { min: 0, max: 9 } } }],
  },
  {
    method: 'GET',
    path: ['a', 'm'],
    query: [{ name: 'm[]', each: { value: { text: { characters: 'lines', max: 12 } }, min: 1, max: 3 } }],
  },
  {
    method: 'POST',
    path: ['j'],
    body: {
      kind: 'json',
      contentType: 'application/json',
      json: {
        object: {
          id: 1,
          n: { integer: { min: 0, max: 9 } },
          t: { string: { text: { characters: 'text', max: 9 } } },
        },
        optional: ['t'],
      },
    },
  },
  {
    method: 'POST',
    path: ['f'],
    body: {
      kind: 'form',
      contentType: 'application/x-www-form-urlencoded',
      form: [
        { name: 'id', value: '1' },
        { name: 't', value: { text: { characters: 'text', max: 9 } } },
      ],
    },
  },
];

const pathPieces = [
  '/',
  '/',
  '/',
  'a',
  'a',
  'b',
  'm',
  'j',
  'f',
  '%2f',
  '%5c',
  '%2e',
  '.',
  '..',
  '%00',
  '%61',
  '%41',
  '%25',
  '%252e',
  ';',
  ';x=1',
  '%3b',
  '\\',
  '//',
  '%c0%af',
  '%ff',
  '%C3%A9',
  ' ',
  '+',
  '%20',
  '%0d%0a',
  'A',
  '#',
  '@',
  ':',
  '%EF%BC%8F',
  '~',
];
const queryPieces = [
  '?q=up',
  '?q=up',
  '?n=5',
  '?n=5',
  '?m[]=x&m[]=y',
  '?',
  '?',
  'q=up',
  'q=up',
  'n=5',
  'n=5',
  'n=05',
  'm[]=x',
  'm%5B%5D=x',
  '&',
  '&',
  '&',
  ';',
  '=',
  'q',
  'up',
  '%75p',
  '+',
  '%20',
  '%00',
  '%0A',
  '%26',
  '%3D',
  'é',
  '%C3%A9',
  '%',
  '%2',
  '#',
  '%2523',
  'n',
  '[]',
  'm[]',
  'x',
  '__proto__=1',
  '_method=PUT',
  ',',
];
const jsonPieces = [
  '{"id":1,"n":5',
  '{"id":1,"n":5',
  '}',
  '}',
  '{',
  '}',
  '{"id":1',
  '{"id":1',
  '"n":5',
  ',"n":5}',
  ',"n":5}',
  ',"t":"x"',
  ',',
  '"id":1',
  '"id":2',
  '"t":"\\u00e9"',
  '"t":"\\ud800"',
  '1.0',
  '5e0',
  ' ',
  '\n',
  '"__proto__":1',
  '[',
  ']',
  '\ufeff',
  'null',
  '"n":9007199254740993',
  '"n":-0',
  '"\\u006e":5',
  '\0',
];
const formPieces = [
  'id=1&t=x',
  't=x&id=1',
  'id=1',
  'id=1',
  '&',
  '&',
  't=x',
  't=x',
  't=%C3%A9',
  't=+',
  'id',
  '=',
  '%69d=1',
  ';',
  '%00',
  '%',
  '\ufeff',
  '\n',
  'x=1',
  '_method=PUT',
  '&&',
];

/** A small linear congruential generator, so that a seed gives the same noise everywhere. */
export function generator(seed: number) {
  let state = seed >>> 0;
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * limit);
  };
  const some = (pieces: readonly string[], most: number) =>
    Array.from({ length: below(most + 1) }, () => pieces[below(pieces.length)] ?? '').join('');
  return { below, some };
}

/**
 * Sends noise made of dangerous pieces, and looks at what is forwarded with Node's own parsers only.
 * @throws Error for a forwarded call that the rules above do not name
 */
export function fuzz({
  cases,
  seed,
  forwarded,
}: {
  cases: number;
  seed: number;
  /** Told of each call that is forwarded, for other parsers to look at. */
  forwarded?: (call: { method: string; target: string }) => void;
}): { cases: number; admitted: number } {
  const { ask } = asking(rules);
  const { below, some } = generator(seed);
  let admitted = 0;
  for (let at = 0; at < cases; at++) {
    const kind = below(4);
    const path = kind === 0 ? some(pathPieces, 8) : (['/a/b', '/a/m', '/a/x', '/a'][below(4)] ?? '');
    const request =
      kind < 2
        ? { method: 'GET', target: path + some(queryPieces, 4) }
        : kind === 2
          ? {
              method: 'POST',
              target: '/j',
              contentType: 'application/json',
              body: Buffer.from(some(jsonPieces, 4)),
            }
          : {
              method: 'POST',
              target: '/f',
              contentType: 'application/x-www-form-urlencoded',
              body: Buffer.from(some(formPieces, 4)),
            };
    const decision = ask(request);
    if (!decision.admitted) continue;
    admitted++;
    const { method, target, body } = decision.call;
    forwarded?.({ method, target });
    if (!isNamed(method, target, Buffer.from(body ?? []).toString('utf8'))) {
      throw new Error(`case ${at} of seed ${seed}: ${JSON.stringify(request)} was forwarded as ${target}`);
    }
  }
  return { cases, admitted };
}

/** What the rules mean, said a second time and without the engine. */
function isNamed(method: string, target: string, body: string): boolean {
  const url = new URL(target, 'http://on-prem');
  if (url.host !== 'on-prem' || `${url.pathname}${url.search}` !== target) return false;
  const [, first = '', second, third] = url.pathname.split('/').map(decodeURIComponent);
  const query = [...url.searchParams];
  const names = query.map(([name]) => name);
  const values = query.map(([, value]) => value);
  if (third !== undefined) return false;
  if (method === 'POST') {
    if (second !== undefined || query.length > 0) return false;
    return first === 'j' ? isNamedJson(body) : first === 'f' && isNamedForm(body);
  }
  if (method !== 'GET' || first !== 'a' || body !== '') return false;
  if (second === undefined) return query.length === 0;
  if (second === 'b' && names.join() === 'q' && values.join() === 'up') return true;
  if (second === 'm' && names.every((name) => name === 'm[]') && values.length > 0) {
    return values.length <= 3 && values.every((value) => value.length <= 12);
  }
  return (
    isLine(second, 20) &&
    !/[/\\;%]|^\.{0,2}$/.test(second) &&
    names.join() === 'n' &&
    /^[0-9]$/.test(values.join())
  );
}

function isNamedJson(body: string): boolean {
  const value = JSON.parse(body) as Record<string, unknown>;
  const { id, n, t, ...rest } = value;
  if (id !== 1 || typeof n !== 'number' || !Number.isInteger(n) || n < 0 || n > 9) return false;
  return Object.keys(rest).length === 0 && (t === undefined || (typeof t === 'string' && isLine(t, 9)));
}

function isNamedForm(body: string): boolean {
  const fields = [...new URLSearchParams(body)];
  const [id, t] = [fields[0] ?? [], fields[1] ?? []];
  return fields.length === 2 && id.join('=') === 'id=1' && t[0] === 't' && isLine(t[1] ?? '\n', 9);
}

const isLine = (text: string, most: number) =>
  text.length <= most && !/[\u0000-\u001f\u007f\u2028\u2029\ufeff]/.test(text);
