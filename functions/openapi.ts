import { z } from 'zod';
import { http, operationsServed, type Handler } from './trigger/endpoint.ts';
import { openApiDocument } from './trigger/openapi-document.ts';
import { jsonAnswer, publicOperation } from './trigger/operation.ts';
import { json } from './trigger/responses.ts';

let written: string | undefined;

/** Describes every route, from the schemas that validate and the operations that are let through. */
export const openapi: Handler = async ({ site, version }) => {
  written ??= JSON.stringify(openApiDocument(operationsServed(), version, site));
  return {
    ...json(200, undefined, { 'cache-control': 'public, max-age=300', 'access-control-allow-origin': '*' }),
    body: written,
  };
};

http('openapi', {
  methods: ['GET'],
  route: 'openapi.json',
  handler: openapi,
  operations: [
    publicOperation({
      id: 'describe',
      method: 'GET',
      path: '/openapi.json',
      summary: 'This description',
      answers: {
        200: jsonAnswer('An OpenAPI 3.1 document.', 'Description', z.looseObject({ openapi: z.string() })),
      },
    }),
  ],
});
