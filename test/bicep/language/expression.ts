import type { Node } from 'web-tree-sitter';
import { same } from './functions.ts';
import { BicepError } from './grammar.ts';
import { expressionOf, loopOf, type Expression, type Loop } from './syntax.ts';
import { isObject, joined, Opaque, Reference, type Lambda, type ObjectValue, type Value } from './values.ts';

/** What names stand for at one place of a file. */
export interface Scope {
  readonly file: string;
  /** @throws Error when there is none */
  readonly name: (name: string) => Value;
  readonly functions: Readonly<Record<string, (...given: Value[]) => Value>>;
}

const inner = (scope: Scope, local: Readonly<Record<string, Value>>): Scope => ({
  ...scope,
  name: (name) => (Object.hasOwn(local, name) ? (local[name] ?? null) : scope.name(name)),
});

/** @throws BicepError on anything that this knows nothing of, with its place */
export function evaluate(node: Node, scope: Scope): Value {
  return placed(node, scope, () => valueOf(expressionOf(node), scope));
}

export const truth = (value: Value): boolean => {
  if (typeof value !== 'boolean') throw new Error('a condition must be true or false before deployment');
  return value;
};

/** Each turn of a loop, with its body and what the names in it stand for. */
export function loop(node: Node, scope: Scope): { body: Node; scope: Scope }[] {
  return placed(node, scope, () => {
    const read = loopOf(node);
    return turns(read, scope).map((inside) => ({ body: read.body, scope: inside }));
  });
}

function turns({ item, index, over }: Loop, scope: Scope): Scope[] {
  const items = valueOf(over, scope);
  if (!Array.isArray(items)) throw new Error('a loop wants an array');
  return items.map((value, n) => inner(scope, { [item]: value, ...(index !== undefined && { [index]: n }) }));
}

function placed<T>(node: Node, { file }: Scope, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof BicepError) throw error;
    throw new BicepError(file, node, error instanceof Error ? error.message : String(error));
  }
}

function valueOf(expression: Expression, scope: Scope): Value {
  return placed(expression.node, scope, () => {
    const value = (each: Expression) => valueOf(each, scope);
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'name':
        return scope.name(expression.name);
      case 'text':
        return joined(expression.parts.map((part) => (typeof part === 'string' ? part : value(part))));
      case 'group':
      case 'not':
        return expression.kind === 'group' ? value(expression.inner) : !truth(value(expression.inner));
      case 'array':
        return expression.items.map(value);
      case 'object':
        return objectOf(expression.members, value);
      case 'choice':
        return value(truth(value(expression.condition)) ? expression.then : expression.otherwise);
      case 'binary': {
        const operator = operators[expression.operator];
        if (!operator) throw new Error(`this evaluator does not know ${expression.operator}`);
        return operator(
          () => value(expression.left),
          () => value(expression.right),
        );
      }
      case 'lambda': {
        const { parameter, body } = expression;
        const lambda: Lambda = (given) => valueOf(body, inner(scope, { [parameter]: given ?? null }));
        return lambda;
      }
      case 'call':
        return call(expression.called, expression.given, scope);
      case 'member':
        return member(value(expression.of), expression.name, expression.safely);
      case 'element':
        return element(value(expression.of), value(expression.index), expression.safely);
      case 'loop': {
        const { body } = expression;
        return turns(expression.loop, scope).map((inside) => valueOf(body, inside));
      }
    }
  });
}

function objectOf(
  members: readonly { key: string | Expression; value: Expression }[],
  value: (each: Expression) => Value,
): ObjectValue {
  const made: Record<string, Value> = {};
  for (const each of members) {
    const key = typeof each.key === 'string' ? each.key : value(each.key);
    const name = key instanceof Opaque ? `<${key.what}>` : key;
    if (typeof name !== 'string') throw new Error('a member wants a name');
    if (Object.hasOwn(made, name)) throw new Error(`${name} is given twice`);
    made[name] = value(each.value);
  }
  return made;
}

function call(called: Expression, given: readonly Expression[], scope: Scope): Value {
  const values = given.map((each) => valueOf(each, scope));
  if (called.kind === 'member') {
    const of = valueOf(called.of, scope);
    if (of instanceof Reference && values.length === 0) return of.call(called.name);
  }
  const name = called.kind === 'name' ? called.name : called.node.text;
  const found = Object.hasOwn(scope.functions, name) ? scope.functions[name] : undefined;
  if (!found) throw new Error(`this evaluator does not know the function ${name}`);
  return found(...values);
}

function member(of: Value, name: string, safely: boolean): Value {
  if (of instanceof Reference) return of.member(name);
  if (of instanceof Opaque)
    throw new Error(`${of.what} is only known at deployment; its ${name} cannot be looked up`);
  if (safely && of === null) return null;
  if (!isObject(of)) throw new Error(`there is no ${name} of something that is no object`);
  if (Object.hasOwn(of, name)) return of[name] ?? null;
  if (safely) return null;
  throw new Error(`there is no ${name}, only ${Object.keys(of).join(', ')}`);
}

function element(of: Value, index: Value, safely: boolean): Value {
  if (typeof index === 'string') return member(of, index, safely);
  if (!Array.isArray(of) || typeof index !== 'number') throw new Error('an array and a number are wanted');
  const found = of[index];
  if (found === undefined) throw new Error(`there is no element ${index}, only ${of.length}`);
  return found;
}

type Operator = (left: () => Value, right: () => Value) => Value;
const operators: Readonly<Record<string, Operator>> = {
  '&&': (left, right) => truth(left()) && truth(right()),
  '||': (left, right) => truth(left()) || truth(right()),
  '==': (left, right) => same(left(), right()),
  '>': (left, right) => number(left()) > number(right()),
  '+': (left, right) => number(left()) + number(right()),
};

function number(value: Value): number {
  if (typeof value !== 'number') throw new Error('a number is wanted');
  return value;
}
