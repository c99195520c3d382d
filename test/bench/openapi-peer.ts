import { OpenAPIValidator, type Request } from 'openapi-backend';
import type { Parameter, Rule } from '../../shared/allowlist/rule.ts';

/** openapi-backend with a description made from rules of literal paths: what it routes and validates is admitted. */
export class OpenApiPeer {
  readonly #validator: OpenAPIValidator;

  constructor(rules: readonly Rule[]) {
    this.#validator = new OpenAPIValidator({
      definition: {
        openapi: '3.0.3',
        info: { title: 'the rules', version: '1' },
        paths: Object.fromEntries(rules.map(pathItem)),
      },
      // Compiling the validators of 10,000 operations takes minutes; each is compiled when it is first asked.
      lazyCompileValidators: true,
    });
    const [first] = rules;
    const path = `${first === undefined ? '/' : literalPath(first)}?another=1`;
    if (this.admits({ method: 'GET', path, headers: {} })) throw new Error(`The peer admits ${path}.`);
  }

  admits(request: Request): boolean {
    const operation = this.#validator.router.matchOperation(request);
    return operation !== undefined && this.#validator.validateRequest(request, operation).valid;
  }
}

const literalPath = ({ path }: Rule) => `/${path.filter((slot) => typeof slot === 'string').join('/')}`;

function pathItem(rule: Rule) {
  const { id, query = [] } = rule;
  const parameters = query.map((parameter) => ({
    name: parameter.name,
    in: 'query',
    required: true,
    schema: schemaOf(parameter),
  }));
  return [
    literalPath(rule),
    { get: { operationId: id, parameters, responses: { 200: { description: 'What it says.' } } } },
  ] as const;
}

function schemaOf({ name, value }: Parameter) {
  if (typeof value === 'string') return { type: 'string' as const, enum: [value] };
  if (typeof value === 'object' && 'integer' in value) {
    return { type: 'integer' as const, minimum: value.integer.min, maximum: value.integer.max };
  }
  throw new Error(`${name} is of a kind that this description does not speak of.`);
}
