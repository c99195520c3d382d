import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Node } from 'web-tree-sitter';
import { typeComplaint } from './declared-type.ts';
import { evaluate, loop, truth, type Scope } from './expression.ts';
import { functionsAt, groupId, resourceId, text, type Place } from './functions.ts';
import { BicepError, partsOf, stringParts, type Source } from './grammar.ts';
import { checkNames, declaredName } from './names.ts';
import { checkValue, parametersOf } from './parameters.ts';
import { ResourceReference, type Resource } from './resource.ts';
import { holdsSecret, isObject, Reference, type ObjectValue, type Value } from './values.ts';

/** Every file of a deployment, by its path. */
export type Sources = ReadonlyMap<string, Source>;

export interface Deployed {
  /** In the order in which they were looked at; those that are only referred to left out. */
  readonly resources: readonly Resource[];
  readonly outputs: ObjectValue;
}

const textOf = (file: string, node: Node): string => {
  const parts = stringParts(node);
  if (parts.some((part) => typeof part !== 'string'))
    throw new BicepError(file, node, 'a plain string is wanted here');
  return parts.join('');
};

/** What a name of a module stands for. */
class ModuleReference extends Reference {
  readonly label: string;
  readonly #outputs: ObjectValue | undefined;

  constructor(label: string, outputs: ObjectValue | undefined) {
    super();
    this.label = label;
    this.#outputs = outputs;
  }

  member(name: string): Value {
    if (name !== 'outputs') throw new Error(`a module has outputs, and no ${name}`);
    if (!this.#outputs) throw new Error(`${this.label} is not deployed, so it has no outputs`);
    return this.#outputs;
  }
}

/** Stands for a resource whose condition is false. */
class AbsentResource extends Reference {
  readonly label: string;

  constructor(label: string) {
    super();
    this.label = label;
  }

  member(): Value {
    throw new Error(`${this.label} is not deployed`);
  }
}

/**
 * What a template deploys with these parameters.
 *
 * @throws BicepError on anything outside the subset of the language that this knows; on names that are not declared or
 * never used; on parameters that are missing, unknown or of another type; on outputs and members that do not exist
 */
export function deployTemplate(sources: Sources, file: string, given: ObjectValue, place: Place): Deployed {
  const source = sources.get(file);
  if (!source) throw new BicepError(file, undefined, 'there is no such file');
  checkNames(source);
  const resources: Resource[] = [];
  const symbols = new Map<string, () => Value>();
  const scope: Scope = {
    file,
    name: (name) => (symbols.get(name) ?? missing(name))(),
    functions: {
      ...functionsAt(place),
      loadJsonContent: (path = null) =>
        JSON.parse(readFileSync(join(dirname(file), text(path)), 'utf8')) as Value,
    },
  };
  const types = new Map(
    partsOf(source.root)
      .filter(({ type }) => type === 'type_declaration')
      .map((node) => [declaredName(node), partsOf(node)[1] ?? node]),
  );
  const parameters = parametersOf(source, scope);
  for (const name of Object.keys(given))
    if (!parameters.some((each) => each.name === name))
      throw new BicepError(file, undefined, `there is no parameter ${name}`);
  for (const parameter of parameters) {
    const [, , fallback] = partsOf(parameter.node);
    define(parameter.name, () => {
      const value = Object.hasOwn(given, parameter.name)
        ? given[parameter.name]
        : fallback && evaluate(fallback, scope);
      if (value === undefined)
        throw new BicepError(file, undefined, `the parameter ${parameter.name} is missing`);
      checkValue(source, parameter, value, scope, types);
      return value;
    });
  }
  const outputs: Record<string, Value> = {};
  const later: (() => void)[] = [];
  for (const node of partsOf(source.root)) {
    const parts = partsOf(node);
    switch (node.type) {
      case 'variable_declaration': {
        const [, value] = parts;
        if (value) define(declaredName(node), () => evaluate(value, scope));
        break;
      }
      case 'resource_declaration':
        define(declaredName(node), () => declared(node, (body) => deployResource(node, body)));
        break;
      case 'module_declaration':
        define(declaredName(node), () => declared(node, (body, inside) => deployModule(node, body, inside)));
        break;
      case 'output_declaration':
        later.push(() => {
          const [, type, value] = parts;
          const name = declaredName(node);
          const result = value ? evaluate(value, scope) : null;
          const complaint = type && typeComplaint(type, result, types);
          if (complaint) throw new BicepError(file, node, `${name}: ${complaint}`);
          if (holdsSecret(result)) throw new BicepError(file, node, `${name} would give a secret away`);
          outputs[name] = result;
        });
        break;
      case 'target_scope_assignment':
      case 'parameter_declaration':
      case 'type_declaration':
      case 'metadata_declaration':
      case 'decorators':
        break;
      default:
        throw new BicepError(file, node, `this evaluator does not know ${node.type}`);
    }
  }
  for (const value of symbols.values()) value();
  for (const act of later) act();
  return { resources, outputs };

  function missing(name: string): never {
    throw new Error(`${name} is not declared`);
  }

  /** Looked at on first use, and once. */
  function define(name: string, make: () => Value): void {
    let made: { value: Value } | undefined;
    let making = false;
    symbols.set(name, () => {
      if (making) throw new BicepError(file, undefined, `${name} depends on itself`);
      making = true;
      try {
        made ??= { value: make() };
        return made.value;
      } finally {
        making = false;
      }
    });
  }

  /** One for a declaration, or one for each turn of its loop. */
  function declared(node: Node, deploy: (body: ObjectValue | undefined, scope: Scope) => Value): Value {
    const what = partsOf(node).at(-1);
    if (!what) throw new BicepError(file, node, 'nothing is declared');
    const one = (body: Node, inside: Scope): Value => {
      if (body.type !== 'if_statement') return deploy(objectOf(body, inside), inside);
      const [condition, object] = partsOf(body);
      const holds = condition && truth(evaluate(condition, inside));
      return deploy(holds && object ? objectOf(object, inside) : undefined, inside);
    };
    return what.type === 'for_statement'
      ? loop(what, scope).map((turn) => one(turn.body, turn.scope))
      : one(what, scope);
  }

  function objectOf(node: Node, inside: Scope): ObjectValue {
    const value = evaluate(node, inside);
    if (!isObject(value)) throw new BicepError(file, node, 'an object is wanted');
    return value;
  }

  function deployResource(node: Node, body: ObjectValue | undefined): Value {
    const [, typeNode] = partsOf(node);
    const origin = `${basename(file, '.bicep')}.${declaredName(node)}`;
    if (!body) return new AbsentResource(origin);
    const [type = '', apiVersion] = textOf(file, typeNode ?? node).split('@');
    if (!apiVersion) throw new BicepError(file, node, `${type} has no API version`);
    const { parent, scope: of, dependsOn, ...rest } = body;
    if (dependsOn !== undefined && !Array.isArray(dependsOn))
      throw new BicepError(file, node, 'dependsOn wants an array');
    const name = rest.name;
    if (typeof name !== 'string' || name === '')
      throw new BicepError(file, node, `the name of ${origin} must be known before deployment`);
    if (parent !== undefined && !(parent instanceof ResourceReference))
      throw new BicepError(file, node, `the parent of ${origin} is no resource, or not deployed`);
    if (parent && !isChild(parent.resource.type, type))
      throw new BicepError(file, node, `${type} is no child of ${parent.resource.type}`);
    if (!parent && type.split('/').length > 2 && name.split('/').length < type.split('/').length - 1)
      throw new BicepError(file, node, `${origin} wants a parent`);
    if (of !== undefined && !(of instanceof ResourceReference))
      throw new BicepError(file, node, `the scope of ${origin} is no resource, or not deployed`);
    const fullName = parent ? `${parent.resource.name}/${name}` : name;
    const prefix = of ? of.resource.id : groupId(place);
    const id =
      type === 'Microsoft.Resources/resourceGroups'
        ? `${prefix}/resourceGroups/${name}`
        : resourceId(prefix, type, fullName.split('/'));
    const existing = node.children.some((child) => child.type === 'existing');
    const resource: Resource = {
      type,
      apiVersion,
      name: fullName,
      id,
      existing,
      scope: of?.resource.id,
      body: withoutNulls(rest),
      origin,
    };
    if (!existing) resources.push(resource);
    return new ResourceReference(resource);
  }

  function deployModule(node: Node, body: ObjectValue | undefined, inside: Scope): Value {
    const [, pathNode] = partsOf(node);
    const label = `${basename(file, '.bicep')}.${declaredName(node)}`;
    if (!body) return new ModuleReference(label, undefined);
    const { params = {}, scope: at, dependsOn, ...more } = body;
    const [unknown] = Object.keys(more);
    if (unknown !== undefined)
      throw new BicepError(file, node, `this evaluator does not know ${unknown} of a module`);
    if (dependsOn !== undefined && !Array.isArray(dependsOn))
      throw new BicepError(file, node, 'dependsOn wants an array');
    if (!isObject(params)) throw new BicepError(file, node, 'params want an object');
    const path = join(dirname(file), textOf(file, pathNode ?? node));
    try {
      const deployed = deployTemplate(sources, path, params, {
        ...place,
        group: groupOf(at ?? null) ?? place.group,
      });
      resources.push(...deployed.resources);
      return new ModuleReference(label, deployed.outputs);
    } catch (error) {
      if (!(error instanceof BicepError)) throw error;
      throw new BicepError(inside.file, node, `${declaredName(node)}: ${error.message}`);
    }
  }
}

const isChild = (parent: string, type: string): boolean =>
  type.startsWith(`${parent}/`) && type.split('/').length === parent.split('/').length + 1;

function groupOf(at: Value): string | undefined {
  if (at instanceof ResourceReference && at.resource.type === 'Microsoft.Resources/resourceGroups')
    return at.resource.name;
  if (isObject(at) && typeof at.group === 'string') return at.group;
  if (at === null) return undefined;
  throw new Error('a module is deployed to a resource group');
}

function withoutNulls(body: ObjectValue): ObjectValue {
  const kept = Object.entries(body).filter(([, value]) => value !== null);
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      isObject(value)
        ? withoutNulls(value)
        : Array.isArray(value)
          ? value.map((each) => (isObject(each) ? withoutNulls(each) : each))
          : value,
    ]),
  );
}
