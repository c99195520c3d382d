import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Language, Parser, type Node } from 'web-tree-sitter';

let parser: Promise<Parser> | undefined;

async function makeParser(): Promise<Parser> {
  await Parser.init();
  const made = new Parser();
  made.setLanguage(
    await Language.load(readFileSync(require.resolve('tree-sitter-bicep/tree-sitter-bicep.wasm'))),
  );
  return made;
}

/** What is wrong with a Bicep file, and where. */
export class BicepError extends Error {
  override name = 'BicepError';

  constructor(file: string, node: Node | undefined, problem: string) {
    const at = node ? `:${node.startPosition.row + 1}:${node.startPosition.column + 1}` : '';
    super(`${basename(file)}${at}: ${problem}`);
  }
}

/** One file, parsed. Later versions of a text in memory stand in for the file (see `mutate`). */
export interface Source {
  readonly file: string;
  readonly root: Node;
}

/** Of a tree without an error the named parts, comments and linter directives left out. */
export const partsOf = (node: Node): Node[] =>
  node.namedChildren.filter(({ type }) => type !== 'comment' && type !== 'diagnostic_comment');

/**
 * Parses a template or a parameter file.
 *
 * The grammar knows `param NAME TYPE`, and not `param NAME = VALUE` of parameter files, which have nothing of the
 * former; `var NAME = VALUE` has the same form, so that is what the parser is shown.
 *
 * @throws BicepError where the grammar sees an error, or had to make something up
 */
export async function parseBicep(file: string, text = readFileSync(file, 'utf8')): Promise<Source> {
  const shown = file.endsWith('.bicepparam') ? text.replaceAll(/^param (?=\w+ *=)/gm, 'var   ') : text;
  const tree = (await (parser ??= makeParser())).parse(shown);
  if (!tree) throw new BicepError(file, undefined, 'cannot be parsed');
  const wrong = firstWrong(tree.rootNode);
  if (wrong) {
    const what = wrong.isMissing
      ? `${wrong.type} is missing`
      : `unexpected ${JSON.stringify(wrong.text.slice(0, 60))}`;
    throw new BicepError(file, wrong, what);
  }
  return { file, root: tree.rootNode };
}

function firstWrong(node: Node): Node | undefined {
  if (node.isError || node.isMissing) return node;
  if (!node.hasError) return undefined;
  for (const child of node.children) {
    const found = firstWrong(child);
    if (found) return found;
  }
  return node;
}

/** The text of a string up to, between and after its interpolations, escapes resolved. */
export function stringParts(node: Node): (string | Node)[] {
  const { text, startIndex } = node;
  const quote = text.startsWith("'''") ? "'''" : "'";
  const parts: (string | Node)[] = [];
  let at = quote.length;
  for (const child of node.children.filter(({ type }) => type === 'interpolation')) {
    // The grammar counts blanks before `${` as part of it.
    const from = text.indexOf('${', child.startIndex - startIndex);
    parts.push(unescape(text.slice(at, from), quote));
    const [inner] = partsOf(child);
    if (inner) parts.push(inner);
    at = child.endIndex - startIndex;
  }
  parts.push(unescape(text.slice(at, text.length - quote.length), quote));
  return parts.filter((part) => part !== '');
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

const unescape = (text: string, quote: string): string =>
  // Text between three quotes begins on the next line and has no escapes.
  quote === "'''"
    ? text.replace(/^\r?\n/, '')
    : text.replaceAll(/\\(.)/g, (_, what: string) => escapes[what] ?? what);
