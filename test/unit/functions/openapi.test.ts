import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { openapi } from '../../../functions/openapi.ts';
import { operationsServed } from '../../../functions/trigger/endpoint.ts';
import { openApiDocument } from '../../../functions/trigger/openapi-document.ts';
import { describes, type Operation } from '../../../functions/trigger/operation.ts';
import {
  buildFunctionTable,
  findFunction,
  type FunctionTable,
} from '../../../local/functions-host/function-table.ts';
import { workerApp } from '../../../local/functions-host/worker-app.ts';
import { portalPaths } from '../../../shared/pages/portal-paths.ts';

// The library finds its host as it does in the one-machine runtime.
jest.mock(
  '@azure/functions-core',
  (): unknown => jest.requireActual<object>('../../../local/functions-host/functions-core.ts'),
  {
    virtual: true,
  },
);

const folder = join(__dirname, '../../../functions');
const site = { publicOrigin: 'https://share.example.com', shareDomain: 'view.example.com' };

/** A path that the operation describes. */
const samplePath = ({ path, params = {} }: Operation) =>
  path.replaceAll(/\{\*?([^}]+)\}/g, (_, name: string) => {
    const values = params[name];
    return values instanceof z.ZodEnum ? String(values.options[0]) : '23456789abcdefghjkmnpqrstu';
  });

let table: FunctionTable;
let operations: readonly Operation[];

beforeAll(() => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    jest.requireActual(join(folder, file));
  }
  table = buildFunctionTable(workerApp.functions.values(), '');
  operations = operationsServed();
});

describe('the description of the API', () => {
  it('has an operation for every method of every function', () => {
    expect(table.http.length).toBeGreaterThan(25);
    const missing = table.http.flatMap(({ name, methods, route }) =>
      methods
        .filter((method) => {
          const reaches = (each: Operation) =>
            each.method === method && findFunction(table.http, method, samplePath(each))?.found.name === name;
          return !operations.some(reaches);
        })
        .map(
          (method) =>
            `functions/${name}.ts: add an operation for ${method} /${route} to http('${name}', { operations })`,
        ),
    );
    expect(missing).toEqual([]);
  });

  it('has no operation that leads to no function', () => {
    const lost = operations
      .filter((each) => findFunction(table.http, each.method, samplePath(each)) === undefined)
      .map(({ id, method, path }) => `${id}: no function is registered for ${method} ${path}`);
    expect(lost).toEqual([]);
  });

  it('has every address that the pages of the portal link to', () => {
    const addresses = Object.entries(portalPaths).map(([name, path]): [string, string] => [
      name,
      typeof path === 'string' ? path : (path as (...ids: string[]) => string)('id', 'id', 'pause'),
    ]);
    const missing = addresses
      .map(([name, address]): [string, string] => [name, address.split('?')[0] ?? ''])
      .filter(([, path]) => !operations.some((each) => describes(each, each.method, path)))
      .map(([name, path]) => `portalPaths.${name}: no function has an operation for ${path}`);
    expect(missing).toEqual([]);
  });

  it('names every operation once', () => {
    const ids = operations.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    const places = operations.map(({ method, path }) => `${method} ${path}`);
    expect(places).toEqual([...new Set(places)]);
  });

  it('refers to nothing that it does not hold', () => {
    const document = openApiDocument(operations, '1.0.0', site);
    const text = JSON.stringify(document);
    for (const [, pointer = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = pointer
        .split('/')
        .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document);
      expect([pointer, typeof found]).toEqual([pointer, 'object']);
    }
    const ids = new Set(operations.map(({ id }) => id));
    for (const { answers } of operations) {
      for (const { links } of Object.values(answers)) {
        for (const id of Object.keys(links ?? {})) expect(ids).toContain(id);
      }
    }
  });

  it('puts what recipients see on the origin of their share', () => {
    const { paths } = openApiDocument(operations, '1.0.0', site) as {
      paths: Record<string, { servers?: { url: string }[] }>;
    };
    expect(paths['/.drawbridge/session']?.servers?.[0]?.url).toBe('https://{shareId}.view.example.com');
    expect(paths['/api/shares']?.servers).toBeUndefined();
    expect(Object.keys(paths).filter((path) => path.startsWith('/share-origin'))).toEqual([]);
  });

  it('is open to tools in a browser', async () => {
    const response = await openapi({ site, version: '1.0.0' } as never, {} as never, {} as never);
    expect(response.headers).toMatchObject({
      'content-type': 'application/json',
      'access-control-allow-origin': '*',
    });
  });
});

describe('a request', () => {
  it.each([
    ['GET', '/systems/sys-1/secrets', false],
    ['POST', '/systems/sys-1', false],
    ['GET', '/SYSTEMS/sys-1/', true],
  ])('%s %s is described: %s', (method, path, described) => {
    expect(findFunction(table.http, method, path)?.found.name).toBe('system');
    expect(operations.some((each) => describes(each, method, path))).toBe(described);
  });
});
