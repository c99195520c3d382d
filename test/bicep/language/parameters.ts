import type { Node } from 'web-tree-sitter';
import { typeComplaint, type Types } from './declared-type.ts';
import { evaluate, type Scope } from './expression.ts';
import { BicepError, partsOf, type Source } from './grammar.ts';
import { declaredName } from './names.ts';
import type { Value } from './values.ts';

export interface Parameter {
  readonly name: string;
  readonly node: Node;
  readonly description: string;
  readonly required: boolean;
}

interface Decorator {
  readonly name: string;
  readonly given: readonly Node[];
}

/** Of a file, each declaration with the decorators above it. */
export function decorated(root: Node): { node: Node; decorators: readonly Decorator[] }[] {
  let waiting: Decorator[] = [];
  return partsOf(root).flatMap((node) => {
    if (node.type !== 'decorators') {
      const decorators = waiting;
      waiting = [];
      return [{ node, decorators }];
    }
    waiting = partsOf(node).flatMap((decorator) =>
      partsOf(decorator).map((call) => {
        const [name, given] = partsOf(call);
        return { name: name?.text ?? '', given: given ? partsOf(given) : [] };
      }),
    );
    return [];
  });
}

/**
 * The parameters of a file, each with a description that begins as AVM wants it.
 *
 * @throws BicepError that names the one that has none
 */
export function parametersOf({ file, root }: Source, scope: Scope): Parameter[] {
  return decorated(root)
    .filter(({ node }) => node.type === 'parameter_declaration')
    .map(({ node, decorators }) => {
      const name = declaredName(node);
      const [text] = decorators.find((each) => each.name === 'description')?.given ?? [];
      const description = text ? evaluate(text, scope) : '';
      if (typeof description !== 'string' || !/^(Required|Optional|Conditional)\. ./.test(description))
        throw new BicepError(
          file,
          node,
          `${name} wants a description that begins with Required., Optional. or Conditional.`,
        );
      const hasDefault = partsOf(node).length > 2;
      if (hasDefault === description.startsWith('Required.'))
        throw new BicepError(
          file,
          node,
          `${name} is said to be ${description.split('.')[0] ?? ''}, and has ${hasDefault ? 'a' : 'no'} default`,
        );
      return { name, node, description, required: !hasDefault };
    });
}

type Rule = (value: Value, limit: Value) => boolean;
const size = (value: Value): number =>
  typeof value === 'string' || Array.isArray(value) ? value.length : NaN;
const rules: Readonly<Record<string, Rule>> = {
  allowed: (value, limit) => Array.isArray(limit) && limit.includes(value),
  minLength: (value, limit) => size(value) >= Number(limit),
  maxLength: (value, limit) => size(value) <= Number(limit),
  minValue: (value, limit) => Number(value) >= Number(limit),
  maxValue: (value, limit) => Number(value) <= Number(limit),
};
const words = new Set(['description', 'batchSize']);

/** @throws BicepError when a value is not of its type, or breaks a rule that stands above its parameter */
export function checkValue(
  { file, root }: Source,
  { name, node }: Parameter,
  value: Value,
  scope: Scope,
  types: Types,
): void {
  const type = partsOf(node)[1];
  const complaint = type && typeComplaint(type, value, types);
  if (complaint) throw new BicepError(file, node, `${name}: ${complaint}`);
  const { decorators = [] } = decorated(root).find((each) => each.node.id === node.id) ?? {};
  for (const decorator of decorators) {
    if (words.has(decorator.name)) continue;
    const rule = rules[decorator.name];
    const [limit] = decorator.given;
    if (!rule || !limit) throw new BicepError(file, node, `this evaluator does not know @${decorator.name}`);
    if (!rule(value, evaluate(limit, scope)))
      throw new BicepError(
        file,
        node,
        `${name} breaks @${decorator.name}(${limit.text}): ${JSON.stringify(value)}`,
      );
  }
}
