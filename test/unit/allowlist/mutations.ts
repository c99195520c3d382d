import type { RawRequest } from '../../../shared/allowlist/decide.ts';

export interface Mutation {
  readonly what: string;
  readonly request: RawRequest;
}

/**
 * Every way to change one thing in a call: each value, name, segment and member once, one dropped, one
 * doubled, one too many, another method. None of the results is the same call.
 */
export function mutationsOf(request: RawRequest): Mutation[] {
  const [path = '', query = ''] = request.target.split(/\?(.*)/s);
  const retarget = (what: string, target: string) => ({ what, request: { ...request, target } });
  const segments = path.split('/').slice(1);
  const found = [
    ...segments.map((_, at) =>
      retarget(
        `segment ${at}`,
        `/${segments.with(at, `${segments[at] ?? ''}x`).join('/')}${query === '' ? '' : `?${query}`}`,
      ),
    ),
    ...pieceMutations(query).map(({ what, text }) => retarget(`query ${what}`, `${path}?${text}`)),
    ...['GET', 'POST', 'DELETE']
      .filter((method) => method !== request.method)
      .map((method) => ({ what: `method ${method}`, request: { ...request, method } })),
  ];
  if (request.body === undefined || request.body.length === 0) return found;
  const text = Buffer.from(request.body).toString('utf8');
  const withBody = (what: string, body: string) => ({
    what: `body ${what}`,
    request: { ...request, body: Buffer.from(body) },
  });
  if (request.contentType?.includes('urlencoded') === true) {
    return [...found, ...pieceMutations(text).map((one) => withBody(one.what, one.text))];
  }
  return [
    ...found,
    ...jsonMutations(JSON.parse(text)).map((one) => withBody(one.what, JSON.stringify(one.value))),
  ];
}

function pieceMutations(text: string): { what: string; text: string }[] {
  const pieces = text === '' ? [] : text.split('&');
  const changed = pieces.flatMap((piece, at) => {
    const name = piece.split('=')[0] ?? '';
    return [
      {
        what: `value ${name}`,
        text: pieces.with(at, `${piece}${piece.includes('=') ? '' : '='}x`).join('&'),
      },
      { what: `name ${name}`, text: pieces.with(at, `x${piece}`).join('&') },
      { what: `drop ${name}`, text: pieces.toSpliced(at, 1).join('&') },
      { what: `double ${name}`, text: [...pieces, piece].join('&') },
    ];
  });
  return [...changed, { what: 'add', text: [...pieces, 'mutated=1'].join('&') }];
}

function jsonMutations(value: unknown): { what: string; value: unknown }[] {
  if (typeof value === 'string') return [{ what: 'text', value: `${value}x` }];
  if (typeof value === 'number')
    return [
      { what: 'number', value: -value - 1 },
      { what: 'number as text', value: `${value}` },
    ];
  if (typeof value === 'boolean') return [{ what: 'boolean', value: !value }];
  if (value === null) return [{ what: 'null', value: 0 }];
  if (Array.isArray(value)) {
    const list: unknown[] = value;
    return [
      { what: 'one element more', value: [...list, 'mutated'] },
      ...list.flatMap((element, at) => [
        { what: `drop ${at}`, value: list.toSpliced(at, 1) },
        ...jsonMutations(element).map((one) => ({
          what: `${at} ${one.what}`,
          value: list.with(at, one.value),
        })),
      ]),
    ];
  }
  const members = Object.entries(value as Record<string, unknown>);
  return [
    { what: 'one member more', value: { ...(value as object), mutated: 1 } },
    ...members.flatMap(([name, member]) => [
      { what: `drop ${name}`, value: Object.fromEntries(members.filter(([other]) => other !== name)) },
      ...jsonMutations(member).map((one) => ({
        what: `${name} ${one.what}`,
        value: { ...(value as object), [name]: one.value },
      })),
    ]),
  ];
}
