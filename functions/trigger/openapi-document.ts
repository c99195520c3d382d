import { z } from 'zod';
import { allowlistSchema } from '../../shared/allowlist/rule.ts';
import { jsonSlotSchema, textSlotSchema } from '../../shared/allowlist/slot.ts';
import { problemCatalogue } from '../../shared/problem.ts';
import { failureSchema, oauthErrorSchema, problemSchema } from './error-schemas.ts';
import type { Answer, ErrorForm, NamedSchema, Operation } from './operation.ts';
import { shareOriginPrefix } from './share-origin.ts';

type Json = Record<string, unknown>;

export interface Site {
  readonly publicOrigin: string;
  readonly shareDomain: string;
}

const tags = {
  shares: 'The shares of one system, for its gateways.',
  system: 'The system itself, for its gateways.',
  oauth: 'Connecting and renewing: RFC 8628, RFC 6749 section 6, RFC 7009, found by RFC 8414.',
  service: 'The service about itself.',
  portal: 'Pages for people. They work in a browser; nothing here is for programs.',
  'share-origin': 'What recipients see, on the origin of each share.',
} as const satisfies Record<Operation['tag'], string>;

const introduction = `Shares live dashboards of on-prem systems with named people.

A gateway connects by the device authorization grant, and then calls with \`Authorization: Bearer\` and its access
token. Errors are problem documents (RFC 9457) with a stable \`type\`; the OAuth endpoints answer with the errors of
RFC 6749. There is no 405: a method that a path does not have is not found, as is everything not listed here. Every
answer may also be a 4xx of the HTTP layer before it: 431 for too many header fields, for instance.`;

/** Schemas that occur inside of others, and recurse. */
const innerSchemas: readonly NamedSchema[] = [
  { name: 'Allowlist', schema: allowlistSchema },
  { name: 'TextSlot', schema: textSlotSchema },
  { name: 'JsonSlot', schema: jsonSlotSchema },
];

const namedIn = (contents: readonly (Answer['content'] | undefined)[]): NamedSchema[] =>
  contents.flatMap((content) => Object.values(content ?? {})).filter((each) => each !== undefined);

const errorForms: Readonly<Record<ErrorForm, NonNullable<Answer['content']>>> = {
  problem: { 'application/problem+json': { name: 'Problem', schema: problemSchema } },
  oauth: { 'application/json': { name: 'OAuthError', schema: oauthErrorSchema } },
  // Malformed addresses are refused before a page is looked for.
  page: { 'text/html': undefined, 'application/problem+json': { name: 'Problem', schema: problemSchema } },
};

const failure: NamedSchema = { name: 'Failure', schema: failureSchema };

const reference = (kind: string, name: string) => ({ $ref: `#/components/${kind}/${name}` });

const plain = ({ $schema: _dialect, $id: _id, ...schema }: Json): Json => schema;

/** JSON Schema of one value. @param io which side of its transformations */
const inline = (schema: z.ZodType, io: 'input' | 'output'): Json =>
  plain(z.toJSONSchema(schema, { io, unrepresentable: 'any' }));

function components(named: Iterable<NamedSchema>, io: 'input' | 'output'): Json {
  const registry = z.registry<{ id: string }>();
  for (const { name, schema } of named) if (!registry.has(schema)) registry.add(schema, { id: name });
  const { schemas } = z.toJSONSchema(registry, {
    io,
    unrepresentable: 'any',
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, plain(schema as Json)]));
}

const contentOf = (content: Answer['content']): Json =>
  Object.fromEntries(
    Object.entries(content ?? {}).map(([type, named]) => [
      type,
      named ? { schema: reference('schemas', named.name) } : {},
    ]),
  );

const errorHeaders: Readonly<Record<number, Json>> = {
  401: {
    'WWW-Authenticate': {
      description: 'The challenge (RFC 9110 section 11.6.1).',
      required: true,
      schema: { type: 'string' },
    },
  },
  429: {
    'Retry-After': {
      description: 'Seconds to wait.',
      required: true,
      schema: { type: 'integer', minimum: 1 },
    },
  },
  503: { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } } },
};

function errorResponse(form: ErrorForm, status: number): Json {
  const titles = Object.values(problemCatalogue).filter((each) => each.status === status);
  const content =
    form === 'problem' && status >= 500 ? { 'application/problem+json': failure } : errorForms[form];
  const headers = errorHeaders[status];
  return {
    description: `${titles.map(({ title }) => title).join('; or: ')}.`,
    ...(headers && { headers }),
    content: contentOf(content),
  };
}

const answerResponse = ({ description, content, headers, links }: Answer): Json => ({
  description,
  ...(headers && {
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, meaning]) => [
        name,
        { description: meaning, schema: { type: 'string' } },
      ]),
    ),
  }),
  ...(content && { content: contentOf(content) }),
  ...(links && {
    links: Object.fromEntries(
      Object.entries(links).map(([operationId, parameters]) => [operationId, { operationId, parameters }]),
    ),
  }),
});

const parametersIn = (place: 'query' | 'header', object: z.ZodObject | undefined): Json[] =>
  Object.entries(object?.shape ?? {}).map(([name, field]) => {
    const { description, ...schema } = inline(field as z.ZodType, 'input');
    return {
      name,
      in: place,
      required: !(field as z.ZodType).safeParse(undefined).success,
      ...(description !== undefined && { description }),
      schema,
    };
  });

const pathParameters = ({ path, params = {} }: Operation): Json[] =>
  [...path.matchAll(/\{\*?([^}]+)\}/g)].map(([, name = '']) => {
    const schema = params[name];
    return {
      name,
      in: 'path',
      required: true,
      schema: schema ? inline(schema, 'input') : { type: 'string', minLength: 1 },
    };
  });

const security = {
  system: [{ accessToken: [] }],
  person: [{ session: [] }],
  anyone: [],
} as const;

function operationObject(operation: Operation): Json {
  const { id, tag, summary, description, caller, query, headers, body, answers, errors, errorForm } =
    operation;
  const parameters = [
    ...pathParameters(operation),
    ...parametersIn('query', query),
    ...parametersIn('header', headers),
  ];
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security: security[caller],
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: true,
        content: { [body.type]: { schema: reference('schemas', body.content.name) } },
      },
    }),
    responses: {
      ...Object.fromEntries(
        errors.map((status) => [status, reference('responses', `${errorForm}-${status}`)]),
      ),
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, answerResponse(answer)]),
      ),
    },
  };
}

/** The path of an operation as clients see it, and where it is not the portal's origin, its server. */
function place({ path }: Operation, { publicOrigin, shareDomain }: Site): { path: string; servers?: Json[] } {
  const plainPath = path.replace('{*', '{');
  if (!plainPath.startsWith(`${shareOriginPrefix}/`)) return { path: plainPath };
  const url = `${new URL(publicOrigin).protocol}//{shareId}.${shareDomain}`;
  const shareId = { default: 'share', description: 'The id of the share.' };
  return {
    path: plainPath.slice(shareOriginPrefix.length),
    servers: [{ url, description: 'The origin of one share.', variables: { shareId } }],
  };
}

/** The OpenAPI 3.1 description of these operations. */
export function openApiDocument(operations: readonly Operation[], version: string, site: Site): Json {
  const paths: Record<string, Json> = {};
  const requests: NamedSchema[] = [];
  const answers: NamedSchema[] = [];
  const responses: Json = {};
  for (const operation of operations) {
    const { path, servers } = place(operation, site);
    const item = (paths[path] ??= { ...(servers && { servers }) });
    item[operation.method.toLowerCase()] = operationObject(operation);
    if (operation.body) requests.push(operation.body.content);
    answers.push(...namedIn(Object.values(operation.answers).map(({ content }) => content)));
    for (const status of operation.errors) {
      responses[`${operation.errorForm}-${status}`] ??= errorResponse(operation.errorForm, status);
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Drawbridge', version, description: introduction },
    servers: [{ url: site.publicOrigin }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: {
        ...components(
          [...innerSchemas, ...answers, ...namedIn(Object.values(errorForms)), failure],
          'output',
        ),
        ...components([...innerSchemas, ...requests], 'input'),
      },
      responses,
      securitySchemes: {
        accessToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The access token of a system, from the token endpoint; valid for 7 days.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-drawbridge',
          description: 'Someone signed in at the portal.',
        },
      },
    },
  };
}
