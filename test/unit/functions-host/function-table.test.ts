import type { BindingInfo, RegisteredFunction } from '../../../local/functions-host/core-types.ts';
import { buildFunctionTable, findFunction } from '../../../local/functions-host/function-table.ts';

const registered = (name: string, trigger: BindingInfo): RegisteredFunction => ({
  metadata: { name, bindings: { $return: { type: 'http', direction: 'out' }, trigger } },
  callback: () => undefined,
});

const http = (name: string, settings: Record<string, unknown> = {}) =>
  registered(name, { type: 'httpTrigger', methods: ['GET'], authLevel: 'anonymous', ...settings });

describe('the functions of an app', () => {
  test('are tried by name whatever their letter case, and the first that fits wins', () => {
    const table = buildFunctionTable(
      [
        http('b-all', { route: '{*rest}' }),
        http('A-one', { route: 'items/{id}' }),
        http('a-int', { route: 'items/{id:int}' }),
      ],
      '',
    );
    expect(table.http.map(({ name }) => name)).toEqual(['a-int', 'A-one', 'b-all']);
    expect(findFunction(table.http, 'GET', '/items/1')?.found.name).toBe('a-int');
    expect(findFunction(table.http, 'GET', '/items/x')?.found.name).toBe('A-one');
    expect(findFunction(table.http, 'GET', '/other')?.found.name).toBe('b-all');
  });

  test('share a route when their methods differ; another method finds nothing', () => {
    const table = buildFunctionTable(
      [
        http('read', { route: 'x', methods: ['get', 'HEAD'] }),
        http('write', { route: 'X/', methods: ['POST'] }),
      ],
      '',
    );
    expect(findFunction(table.http, 'HEAD', '/x')?.found.name).toBe('read');
    expect(findFunction(table.http, 'POST', '/x')?.found.name).toBe('write');
    expect(findFunction(table.http, 'DELETE', '/x')).toBeUndefined();
  });

  test('do not answer HEAD unless they declare it', () => {
    expect(findFunction(buildFunctionTable([http('x')], '').http, 'HEAD', '/x')).toBeUndefined();
  });

  test.each([
    ['', 'thing', '/thing'],
    ['api', 'thing', '/api/thing'],
  ])('with the prefix %j and no route answer below their name', (prefix, name, path) => {
    expect(findFunction(buildFunctionTable([http(name)], prefix).http, 'GET', path)?.found.name).toBe(name);
  });

  test.each([
    ['anonymous', false],
    ['function', true],
    ['admin', true],
    [undefined, true],
  ])('with the authorization level %s need a key: %s', (authLevel, needsKey) => {
    expect(buildFunctionTable([http('x', { authLevel })], '').http[0]?.needsKey).toBe(needsKey);
  });

  test('may run on a schedule, or have a trigger that is not served', () => {
    const table = buildFunctionTable(
      [
        registered('t', { type: 'timerTrigger', schedule: '0 0 * * * *' }),
        registered('q', { type: 'queueTrigger' }),
      ],
      '',
    );
    expect(table.timers).toMatchObject([
      { name: 't', schedule: '0 0 * * * *', runOnStartup: false, useMonitor: true },
    ]);
    expect(table.others).toEqual([{ name: 'q', type: 'queueTrigger' }]);
  });

  test.each<[why: string, functions: RegisteredFunction[], reason: RegExp]>([
    [
      'a constraint is unknown',
      [http('x', { route: '{id:uuid}' })],
      /"x" cannot be served: unknown route constraint "uuid"/,
    ],
    [
      'a route is reserved',
      [http('x', { route: 'administration' })],
      /"x" cannot be served: the route "administration" is reserved/,
    ],
    [
      'two take the same requests',
      [http('a', { route: 'x' }), http('b', { route: '/X' })],
      /"a" and "b" both take GET x/,
    ],
    [
      'two names differ in case only',
      [http('a', { route: 'x' }), http('A', { route: 'y' })],
      /Two functions are named/,
    ],
    ['a name is not valid', [http('a b')], /name "a b" is not valid/],
    ['a name is reserved', [http('Host')], /name "Host" is not valid/],
    ['a trigger is missing', [registered('x', { type: 'http' })], /"x" has no trigger/],
    [
      'a schedule is missing',
      [registered('x', { type: 'timerTrigger' })],
      /"x" cannot be served: .*schedule/s,
    ],
  ])('are refused when %s', (_why, functions, reason) => {
    expect(() => buildFunctionTable(functions, '')).toThrow(reason);
  });
});
