export interface Element {
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
}

// Tags as renderToString writes them: attributes in double quotes, or without a value. In the quotes there may
// be ">" but no double quote; in text there is no "<". Anything else is a failure of escaping.
const tagPattern = /<(\/?)([a-z][a-z0-9-]*)((?:\s+[a-zA-Z:-]+(?:="[^"]*")?)*)\s*(\/?)>/g;
const attributePattern = /\s+([a-zA-Z:-]+)(?:="([^"]*)")?/g;
const alone = new Set(['meta', 'link', 'input', 'br', 'hr', 'img', 'wbr']);

const decode = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

/** The elements in order, each with its depth-first parents. @throws Error on what is not well formed */
export function elements(html: string): (Element & { readonly parents: readonly Element[] })[] {
  const open: Element[] = [];
  const found: (Element & { parents: Element[] })[] = [];
  let end = 0;
  const plain = html.replace(/^<!doctype html>/, '').replace(/(<style>)[^<]*(<\/style>)/g, '$1$2');
  for (const match of plain.matchAll(tagPattern)) {
    if (plain.slice(end, match.index).includes('<'))
      throw new Error(`stray "<" in ${plain.slice(end, match.index)}`);
    end = match.index + match[0].length;
    const [, closing = '', tag = '', rest = '', selfClosing = ''] = match;
    if (closing === '/') {
      const last = open.pop();
      if (last?.tag !== tag) throw new Error(`</${tag}> closes <${last?.tag ?? ''}>`);
      continue;
    }
    const names = new Map(
      [...rest.matchAll(attributePattern)].map(([, name = '', value = '']) => [name, decode(value)]),
    );
    const element = { tag, attributes: names };
    found.push({ ...element, parents: [...open] });
    if (selfClosing === '' && !alone.has(tag)) open.push(element);
  }
  if (plain.slice(end).includes('<') || open.length > 0) throw new Error('not closed');
  return found;
}

/** Every value of one attribute. */
export const attributes = (html: string, name: string): string[] =>
  elements(html).flatMap((element) => element.attributes.get(name) ?? []);

/** The runs of text inside the first element of that name, decoded, without empty ones. */
export function textOf(html: string, tag: string): string[] {
  const inside = new RegExp(`<${tag}\\b[^>]*>(.*)</${tag}>`, 's').exec(html)?.[1] ?? '';
  return inside
    .split(/<[^>]*>/)
    .map((text) => decode(text).trim())
    .filter((text) => text !== '');
}
