/** Fields that end at the next hop (RFC 9110 section 7.6.1), and those a reply to `Expect` has used up. */
const hopByHop = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The fields of a message that may travel on: without hop-by-hop fields and without those that its
 * `Connection` field names (RFC 9110 section 7.6.1). Order, letter case and repetition stay.
 * @param rawHeaders names and values in turn, as node:http gives them
 * @returns names and values in turn
 */
export function endToEndFields(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  let nominated: Set<string> | undefined;
  for (const [name, value] of fields(rawHeaders)) {
    const lower = name.toLowerCase();
    if (lower === 'connection') nominated = nominatedBy(value, nominated);
    else if (!hopByHop.has(lower)) kept.push(name, value);
  }
  return nominated === undefined ? kept : without(kept, nominated);
}

/** Pairs of name and value from a list where they take turns. */
export function* fields(rawHeaders: readonly string[]): Generator<[name: string, value: string]> {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    yield [rawHeaders[at] ?? '', rawHeaders[at + 1] ?? ''];
}

// Every browser nominates keep-alive or nothing, so the common request needs no second pass.
function nominatedBy(value: string, before: Set<string> | undefined): Set<string> | undefined {
  let nominated = before;
  for (const option of value.split(',')) {
    const name = option.trim().toLowerCase();
    if (name !== '' && name !== 'close' && !hopByHop.has(name))
      nominated = (nominated ?? new Set()).add(name);
  }
  return nominated;
}

function without(kept: readonly string[], nominated: ReadonlySet<string>): string[] {
  return [...fields(kept)].filter(([name]) => !nominated.has(name.toLowerCase())).flat();
}
