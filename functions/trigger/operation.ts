import type { HttpMethod } from '@azure/functions';
import { z } from 'zod';

/** A schema with the name under which the description lists it. */
export interface NamedSchema {
  readonly name: string;
  readonly schema: z.ZodType;
}

/** A success, by media type. What is no JSON has no schema. */
export interface Answer {
  readonly description: string;
  readonly content?: Readonly<Record<string, NamedSchema | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Operations that go on with what this answer names: operation id -> parameter -> runtime expression. */
  readonly links?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** How errors are written: RFC 9457, RFC 6749 section 5.2, or a page for people. */
export type ErrorForm = 'problem' | 'oauth' | 'page';

/** One request that a function answers, as `/openapi.json` describes it. */
export interface Operation {
  /** Unique; what generated clients call it. */
  readonly id: string;
  readonly tag: 'shares' | 'system' | 'oauth' | 'service' | 'portal' | 'share-origin';
  readonly method: HttpMethod;
  /** A path of OpenAPI, below the origin; `{*name}` takes the rest of the path. */
  readonly path: `/${string}`;
  readonly summary: string;
  readonly description?: string;
  /** A system's access token, the cookie of someone signed in, or nothing. */
  readonly caller: 'system' | 'person' | 'anyone';
  /** Values of parameters of the path that are not free. */
  readonly params?: Readonly<Record<string, z.ZodType>>;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: { readonly type: string; readonly content: NamedSchema };
  /** By status, or by class of status such as `2XX`. */
  readonly answers: Readonly<Record<string, Answer>>;
  readonly errors: readonly number[];
  readonly errorForm: ErrorForm;
}

type Described = Pick<Operation, 'id' | 'method' | 'path' | 'summary'> & Partial<Operation>;

const form = 'application/x-www-form-urlencoded';

/** Any request may hold a parameter that is refused, and any may fail. */
const alwaysErrors = [400, 500, 503];

const errorsOf = (
  { path, body, errors = [] }: Partial<Operation> & { path: string },
  more: readonly number[],
) => {
  const all = [
    ...alwaysErrors,
    ...more,
    ...errors,
    ...(path.includes('{') ? [404] : []),
    ...(body ? [413, 415] : []),
  ];
  return [...new Set(all)].sort((a, b) => a - b);
};

/** @param name under which the description lists the schema */
export const jsonBody = (name: string, schema: z.ZodType): NonNullable<Operation['body']> => ({
  type: 'application/json',
  content: { name, schema },
});

export const formBody = (name: string, schema: z.ZodType): NonNullable<Operation['body']> => ({
  type: form,
  content: { name, schema },
});

export const jsonAnswer = (description: string, name: string, schema: z.ZodType): Answer => ({
  description,
  content: { 'application/json': { name, schema } },
});

/** JSON for programs, without authentication. */
export const publicOperation = (described: Described & Pick<Operation, 'answers'>): Operation => ({
  tag: 'service',
  caller: 'anyone',
  errorForm: 'problem',
  ...described,
  errors: errorsOf(described, []),
});

/** JSON for gateways, with the access token of a system. */
export const systemOperation = (described: Described & Pick<Operation, 'answers' | 'tag'>): Operation => ({
  caller: 'system',
  errorForm: 'problem',
  ...described,
  errors: errorsOf(described, [401]),
});

/** An endpoint of OAuth 2.0: a form of a public client. */
export const oauthOperation = (described: Described & Pick<Operation, 'answers' | 'body'>): Operation => ({
  tag: 'oauth',
  caller: 'anyone',
  errorForm: 'oauth',
  ...described,
  errors: errorsOf(described, [401]),
});

/** A page for people. */
export const pageAnswer = (description: string): Answer => ({
  description,
  content: { 'text/html': undefined },
});

export const redirectAnswer = (description: string): Answer => ({
  description,
  headers: { location: 'Where to.' },
});

const pageAnswers = {
  200: pageAnswer('The page.'),
  303: redirectAnswer('Leads on: to what follows, or to sign in first.'),
};

/** A page of the portal, for someone who is signed in unless `caller` says otherwise; it changes nothing. */
export const pageOperation = (described: Omit<Described, 'method'>): Operation => ({
  tag: 'portal',
  caller: 'person',
  errorForm: 'page',
  method: 'GET',
  ...described,
  answers: { ...pageAnswers, ...described.answers },
  errors: errorsOf(described, [403]),
});

/**
 * A form of a page of the portal. Besides its fields it needs the `csrf` value of that page, and comes from the
 * portal's own origin (OWASP ASVS 4.2.2); so no other program can send it.
 */
export const formOperation = ({
  fields,
  ...described
}: Omit<Described, 'method' | 'body'> & { fields?: z.ZodRawShape }): Operation => {
  const name = `${described.id.slice(0, 1).toUpperCase()}${described.id.slice(1)}Form`;
  const schema = z.object({ ...fields, csrf: z.string().describe('As the page holds it.') });
  const withBody = { ...described, body: formBody(name, schema) };
  return {
    tag: 'portal',
    caller: 'person',
    errorForm: 'page',
    method: 'POST',
    ...withBody,
    answers: { ...pageAnswers, ...described.answers },
    errors: errorsOf(withBody, [403]),
  };
};

const patterns = new WeakMap<Operation, RegExp>();

function patternOf(operation: Operation): RegExp {
  const known = patterns.get(operation);
  if (known) return known;
  const text = operation.path
    .split(/(\{[^}]*\})/)
    .map((part) => {
      if (part.startsWith('{*')) return '.*';
      const values = operation.params?.[part.slice(1, -1)];
      if (values instanceof z.ZodEnum) return `(?:${values.options.join('|')})`;
      return part.startsWith('{') ? '[^/]+' : part.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`);
    })
    .join('');
  // As the host matches routes: letter case and one slash at the end do not count.
  const pattern = new RegExp(`^${text}/?$`, 'i');
  patterns.set(operation, pattern);
  return pattern;
}

/** @param path of a request, percent-encoded as it came */
export const describes = (operation: Operation, method: string, path: string): boolean =>
  operation.method === method && patternOf(operation).test(path);
