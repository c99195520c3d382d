import { dirname, join } from 'node:path';
import { evaluate, type Scope } from './expression.ts';
import { text } from './functions.ts';
import { BicepError, partsOf, stringParts, type Source } from './grammar.ts';
import { declaredName } from './names.ts';
import type { ObjectValue, Value } from './values.ts';

export interface ParameterFile {
  /** The template that it is for. */
  readonly template: string;
  readonly values: ObjectValue;
}

/** What a parameter file gives, in this environment. @throws BicepError */
export function readParameterFile(
  { file, root }: Source,
  environment: Readonly<Record<string, string>>,
): ParameterFile {
  const values: Record<string, Value> = {};
  let template: string | undefined;
  const scope: Scope = {
    file,
    name: (name) => {
      throw new Error(`${name} is not declared`);
    },
    functions: {
      readEnvironmentVariable: (name = null, fallback) => {
        const value = environment[text(name)] ?? fallback;
        if (value === undefined) throw new Error(`the environment has no ${text(name)}`);
        return value;
      },
    },
  };
  for (const node of partsOf(root)) {
    const [, value] = partsOf(node);
    if (node.type === 'using_statement') {
      const [path] = partsOf(node);
      template = path && join(dirname(file), stringParts(path).join(''));
    } else if (node.type === 'variable_declaration' && value) {
      values[declaredName(node)] = evaluate(value, scope);
    } else throw new BicepError(file, node, `this evaluator does not know ${node.type} in a parameter file`);
  }
  if (template === undefined)
    throw new BicepError(file, undefined, 'it says not which template it is for (using)');
  return { template, values };
}
