import type { Node } from 'web-tree-sitter';
import { BicepError, partsOf, type Source } from './grammar.ts';
import { expressionOf, loopOf, type Expression, type Loop } from './syntax.ts';

const declarations = new Set([
  'parameter_declaration',
  'variable_declaration',
  'resource_declaration',
  'module_declaration',
  'type_declaration',
]);

/** The name a declaration gives. */
export function declaredName(node: Node): string {
  const [name] = partsOf(node);
  if (name?.type !== 'identifier') throw new Error(`${node.type} without a name`);
  return name.text;
}

/**
 * Every name that a file uses is declared in it, and every one that it declares is used: parameters, variables, and
 * resources that are only referred to. What is never evaluated, since a condition is false, is looked at as well.
 *
 * @throws BicepError that names the first one
 */
export function checkNames({ file, root }: Source): void {
  const declared = new Map<string, Node>();
  for (const node of partsOf(root).filter(({ type }) => declarations.has(type))) {
    const name = declaredName(node);
    if (declared.has(name)) throw new BicepError(file, node, `${name} is declared twice`);
    declared.set(name, node);
  }
  const used = new Set<string>();
  const see = (node: Node, local: ReadonlySet<string>) =>
    names(read(file, node), local, (name, at) => {
      if (!declared.has(name)) throw new BicepError(file, at, `${name} is not declared`);
      used.add(name);
    });
  for (const node of partsOf(root)) {
    if (node.type === 'parameter_declaration' || node.type === 'output_declaration')
      seeType(partsOf(node)[1]);
    if (node.type === 'type_declaration') continue;
    const value = partsOf(node).at(-1);
    if (node.type === 'parameter_declaration' ? partsOf(node).length < 3 : !valued.has(node.type)) continue;
    if (value) seeStatement(value, new Set(), see);
  }
  function seeType(node: Node | undefined): void {
    if (node?.type === 'identifier') used.add(node.text);
    for (const part of node ? partsOf(node) : []) seeType(part);
  }
  for (const [name, node] of declared) {
    const existing = node.children.some(({ type }) => type === 'existing');
    const mayBeUnused =
      node.type === 'module_declaration' || (node.type === 'resource_declaration' && !existing);
    if (!mayBeUnused && !used.has(name)) throw new BicepError(file, node, `${name} is never used`);
  }
}

function read(file: string, node: Node): Expression {
  try {
    return expressionOf(node);
  } catch (error) {
    throw new BicepError(file, node, error instanceof Error ? error.message : String(error));
  }
}

/** Statements that end with a value. */
const valued = new Set([...declarations, 'output_declaration']);

/** The value of a declaration: an expression, or a body with a condition or in a loop. */
function seeStatement(
  node: Node,
  local: ReadonlySet<string>,
  see: (node: Node, local: ReadonlySet<string>) => void,
): void {
  if (node.type === 'if_statement') for (const part of partsOf(node)) see(part, local);
  else if (node.type === 'for_statement' && node.childForFieldName('body')?.type === 'if_statement') {
    const loop = loopOf(node);
    seeStatement(loop.body, withLoop(loop, local), see);
  } else see(node, local);
}

const withLoop = ({ item, index }: Loop, local: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...local, item, ...(index === undefined ? [] : [index])]);

function names(
  expression: Expression,
  local: ReadonlySet<string>,
  found: (name: string, at: Node) => void,
): void {
  const go = (...all: readonly Expression[]) => all.forEach((each) => names(each, local, found));
  switch (expression.kind) {
    case 'literal':
      return;
    case 'name':
      return local.has(expression.name) ? undefined : found(expression.name, expression.node);
    case 'text':
      return go(...expression.parts.filter((part) => typeof part !== 'string'));
    case 'group':
    case 'not':
      return go(expression.inner);
    case 'array':
      return go(...expression.items);
    case 'object':
      return go(
        ...expression.members.flatMap(({ key, value }) => (typeof key === 'string' ? [value] : [key, value])),
      );
    case 'choice':
      return go(expression.condition, expression.then, expression.otherwise);
    case 'binary':
      return go(expression.left, expression.right);
    case 'lambda':
      return names(expression.body, new Set([...local, expression.parameter]), found);
    case 'call':
      // Functions are looked up by the evaluator; of one that belongs to something, that is a name.
      return go(...(expression.called.kind === 'name' ? [] : [expression.called]), ...expression.given);
    case 'member':
      return go(expression.of);
    case 'element':
      return go(expression.of, expression.index);
    case 'loop':
      go(expression.loop.over);
      return names(expression.body, withLoop(expression.loop, local), found);
  }
}
