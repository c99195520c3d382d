import type { Node } from 'web-tree-sitter';
import { partsOf, stringParts } from './grammar.ts';

/** An expression as Bicep reads it. The grammar binds `.`, `[` and `(` looser, and `=>` tighter, than Bicep does. */
export type Expression = { readonly node: Node } & (
  | { readonly kind: 'literal'; readonly value: null | boolean | number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'text'; readonly parts: readonly (string | Expression)[] }
  | { readonly kind: 'group'; readonly inner: Expression }
  | { readonly kind: 'array'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly members: readonly { key: string | Expression; value: Expression }[] }
  | {
      readonly kind: 'choice';
      readonly condition: Expression;
      readonly then: Expression;
      readonly otherwise: Expression;
    }
  | { readonly kind: 'not'; readonly inner: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'lambda'; readonly parameter: string; readonly body: Expression }
  | { readonly kind: 'call'; readonly called: Expression; readonly given: readonly Expression[] }
  | { readonly kind: 'member'; readonly of: Expression; readonly name: string; readonly safely: boolean }
  | {
      readonly kind: 'element';
      readonly of: Expression;
      readonly index: Expression;
      readonly safely: boolean;
    }
  | { readonly kind: 'loop'; readonly loop: Loop; readonly body: Expression }
);

export interface Loop {
  readonly item: string;
  readonly index: string | undefined;
  readonly over: Expression;
  readonly body: Node;
}

/** @throws Error on anything outside the subset of the language that this knows, by name */
export function expressionOf(node: Node): Expression {
  const read = readers[node.type];
  if (!read) throw new Error(`this evaluator does not know ${node.type} (${node.text.slice(0, 40)})`);
  return read(node);
}

const field = (node: Node, name: string): Node => {
  const found = node.childForFieldName(name);
  if (!found) throw new Error(`${node.type} without ${name}`);
  return found;
};
const has = (node: Node, token: string) => node.children.some(({ type }) => type === token);

const readers: Readonly<Record<string, (node: Node) => Expression>> = {
  null: (node) => ({ kind: 'literal', node, value: null }),
  boolean: (node) => ({ kind: 'literal', node, value: node.text === 'true' }),
  number: (node) => ({ kind: 'literal', node, value: Number(node.text) }),
  identifier: (node) => ({ kind: 'name', node, name: node.text }),
  string: (node) => ({
    kind: 'text',
    node,
    parts: stringParts(node).map((part) => (typeof part === 'string' ? part : expressionOf(part))),
  }),
  parenthesized_expression: (node) => {
    const [inner, more] = partsOf(node);
    if (!inner || more) throw new Error('one expression is wanted in parentheses');
    return { kind: 'group', node, inner: expressionOf(inner) };
  },
  array: (node) => ({ kind: 'array', node, items: itemsOf(node) }),
  object: (node) => ({
    kind: 'object',
    node,
    members: partsOf(node).map((property) => {
      const [key, value] = partsOf(property);
      if (property.type !== 'object_property' || !key || !value)
        throw new Error(`this evaluator does not know ${property.text}`);
      return { key: key.type === 'string' ? expressionOf(key) : key.text, value: expressionOf(value) };
    }),
  }),
  ternary_expression: (node) => {
    const then = expressionOf(field(node, 'consequence'));
    const otherwise = expressionOf(field(node, 'alternative'));
    return intoLambda(expressionOf(field(node, 'condition')), (condition) => ({
      kind: 'choice',
      node,
      condition,
      then,
      otherwise,
    }));
  },
  unary_expression: (node) => {
    if (field(node, 'operator').text !== '!') throw new Error(`this evaluator does not know ${node.text}`);
    return { kind: 'not', node, inner: expressionOf(field(node, 'argument')) };
  },
  binary_expression: (node) => {
    const right = expressionOf(field(node, 'right'));
    const operator = field(node, 'operator').text;
    return intoLambda(expressionOf(field(node, 'left')), (left) => ({
      kind: 'binary',
      node,
      operator,
      left,
      right,
    }));
  },
  lambda_expression: (node) => {
    const [parameter, body] = partsOf(node);
    if (parameter?.type !== 'identifier' || !body) throw new Error('a lambda with one parameter is wanted');
    return { kind: 'lambda', node, parameter: parameter.text, body: expressionOf(body) };
  },
  call_expression: (node) => {
    const given = partsOf(field(node, 'arguments')).map(expressionOf);
    return ontoLast(expressionOf(field(node, 'function')), (called) => ({
      kind: 'call',
      node,
      called,
      given,
    }));
  },
  member_expression: (node) => {
    const name = field(node, 'property').text;
    return ontoLast(expressionOf(field(node, 'object')), (of) => ({
      kind: 'member',
      node,
      of,
      name,
      safely: has(node, '.?'),
    }));
  },
  subscript_expression: (node) => {
    const index = expressionOf(field(node, 'index'));
    return ontoLast(expressionOf(field(node, 'object')), (of) => ({
      kind: 'element',
      node,
      of,
      index,
      safely: has(node, '?'),
    }));
  },
  for_statement: (node) => {
    const loop = loopOf(node);
    return { kind: 'loop', node, loop, body: expressionOf(loop.body) };
  },
};

/** Where the next element of an array begins like an index or a call, the grammar begins one that is none. */
function itemsOf(array: Node): Expression[] {
  const items: Expression[] = [];
  let end = array.startIndex;
  for (const node of partsOf(array)) {
    const between = array.text.slice(end - array.startIndex, node.startIndex - array.startIndex);
    const before = items.at(-1);
    if (before && !/[\n,]/.test(between))
      items.splice(
        -1,
        1,
        ontoLast(before, (last) => goneOn(node, last)),
      );
    else items.push(expressionOf(node));
    end = node.endIndex;
  }
  return items;
}

/** `a` and `[0].b` are `a[0].b`; `f` and `().b` are `f().b`. */
function goneOn(node: Node, of: Expression): Expression {
  switch (node.type) {
    case 'array': {
      const [index, more] = partsOf(node);
      if (!index || more) break;
      return { kind: 'element', node, of, index: expressionOf(index), safely: false };
    }
    case 'parenthesized_expression':
      return { kind: 'call', node, called: of, given: partsOf(node).map(expressionOf) };
    case 'member_expression': {
      const inner = goneOn(field(node, 'object'), of);
      return { kind: 'member', node, of: inner, name: field(node, 'property').text, safely: has(node, '.?') };
    }
    case 'subscript_expression': {
      const inner = goneOn(field(node, 'object'), of);
      return {
        kind: 'element',
        node,
        of: inner,
        index: expressionOf(field(node, 'index')),
        safely: has(node, '?'),
      };
    }
  }
  throw new Error(`elements want a comma or a line of their own: ${node.text.slice(0, 40)}`);
}

/** What follows an expression belongs to its last part: `a ? b : c.d` is `a ? b : (c.d)`. */
function ontoLast(expression: Expression, follow: (last: Expression) => Expression): Expression {
  switch (expression.kind) {
    case 'choice':
      return { ...expression, otherwise: ontoLast(expression.otherwise, follow) };
    case 'binary':
      return { ...expression, right: ontoLast(expression.right, follow) };
    case 'not':
      return { ...expression, inner: ontoLast(expression.inner, follow) };
    case 'lambda':
      return { ...expression, body: ontoLast(expression.body, follow) };
    default:
      return follow(expression);
  }
}

/** The body of a lambda is all that follows: `x => a ? b : c` is `x => (a ? b : c)`. */
const intoLambda = (first: Expression, around: (first: Expression) => Expression): Expression =>
  first.kind === 'lambda' ? { ...first, body: intoLambda(first.body, around) } : around(first);

export function loopOf(node: Node): Loop {
  const [variables, over] = partsOf(node);
  const body = node.childForFieldName('body');
  if (!variables || !over || !body) throw new Error('a loop without variable, array or body');
  const [item, index] = variables.type === 'for_loop_parameters' ? partsOf(variables) : [variables];
  return { item: item?.text ?? '', index: index?.text, over: expressionOf(over), body };
}
