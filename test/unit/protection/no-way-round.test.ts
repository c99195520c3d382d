import { rmSync } from 'node:fs';
import { z } from 'zod';
import { services } from '../../../functions/trigger/services.ts';
import { operationsServed } from '../../../functions/trigger/endpoint.ts';
import { describes, type Operation } from '../../../functions/trigger/operation.ts';
import { loadFunctionApp, portalOrigin, type FunctionApp } from '../../support/function-app.ts';
import { methodsOf, prove } from './protection.ts';
import { httpProtections, timers } from './protections.ts';
import { makeWorld } from './world.ts';

// What the official worker provides, and our host; the library registers with it.
jest.mock(
  '@azure/functions-core',
  () => jest.requireActual<object>('../../../local/functions-host/functions-core.ts'),
  { virtual: true },
);

let app: FunctionApp;
beforeAll(async () => (app = await loadFunctionApp({ RELAY_ENDPOINT: 'http://127.0.0.1:9' })));
afterAll(async () => {
  services().sender.close();
  await services().store.close();
  rmSync(app.dataDir, { recursive: true, force: true });
});

/** A value of a parameter of the path. */
function sampleOf({ params = {} }: Operation, part: string): string {
  const values = params[part.replaceAll(/[{}*]/g, '')];
  return values instanceof z.ZodEnum ? String(values.options[0]) : 'x';
}

const file = 'test/unit/protection/protections.ts';

describe('every function that is registered', () => {
  it('has a row that names its protection, and every row a function (OWASP ASVS 1.4.1, 4.1.1)', () => {
    const registered = new Map(app.table.http.map((each) => [each.name, each]));
    const complaints: string[] = [];
    for (const { name, route, methods } of app.table.http) {
      const row = httpProtections[name];
      if (!row) {
        complaints.push(
          `${name} (${methods.join(', ')} /${route}) is not in ${file}. Add a row that says how it is protected; it is then proved by calling it.`,
        );
      } else {
        const named = new Set(methodsOf(row));
        for (const method of methods.filter((each) => !named.has(each)))
          complaints.push(`${name} also takes ${method}, for which its row in ${file} has no call.`);
      }
    }
    for (const name of Object.keys(httpProtections).filter((each) => !registered.has(each)))
      complaints.push(`${name} has a row in ${file}, but is no function any more. Take the row out.`);
    for (const { name } of app.table.timers.filter((each) => timers[each.name] === undefined))
      complaints.push(`The timer ${name} is not in ${file}. Say there what it does.`);
    for (const name of Object.keys(timers).filter((each) => !app.table.timers.some((t) => t.name === each)))
      complaints.push(`${name} is listed in ${file}, but is no timer any more.`);
    for (const { name, type } of app.table.others)
      complaints.push(`${name} has a ${type}, of which ${file} knows no kind yet. Add one, with its proof.`);
    expect(complaints).toEqual([]);
  });

  it('has a call in its row for every operation that it lets through, and no operation says otherwise', async () => {
    const world = await makeWorld();
    const callers = { public: 'anyone', system: 'system', 'signed-in': 'person', member: 'person' } as const;
    const complaints = operationsServed().flatMap((operation) => {
      const { id, method, path, caller } = operation;
      // The part in braces names what is not there: only the function counts here.
      const name = app.route(
        method,
        path.replaceAll(/\{\*?[^}]+\}/g, (part) => sampleOf(operation, part)),
      );
      const row = name === undefined ? undefined : httpProtections[name];
      if (!row || row.kind === 'special') return [];
      if (callers[row.kind] !== caller)
        return [`${id} says that it is for ${caller}, and ${file} that ${name} is ${row.kind}.`];
      const called = row.calls.some((call) => {
        const { pathname } = new URL(call.target(world), portalOrigin);
        return describes(operation, call.method, pathname);
      });
      return called ? [] : [`${name} also does ${id} (${method} ${path}): add a call to its row in ${file}.`];
    });
    expect(complaints).toEqual([]);
  });

  it('does its own authentication: no function key, which would be a secret that many share', () => {
    expect(app.table.http.filter(({ needsKey }) => needsKey)).toEqual([]);
  });

  it('lies on no route that sounds like administration or debugging', () => {
    const routes = app.table.http.map(({ route }) => route);
    expect(
      routes.filter((route) => /admin|debug|internal|test|\.local|swagger|metrics/i.test(route)),
    ).toEqual([]);
  });
});

describe('the protection of', () => {
  it.each(Object.keys(httpProtections))('%s holds', async (name) => {
    const protection = httpProtections[name];
    if (!protection) throw new Error(name);
    const reached = (protection.kind === 'special' ? [] : protection.calls).map(({ method, target }) => ({
      method,
      target,
    }));
    const world = await makeWorld();
    for (const { method, target } of reached) {
      expect([method, target(world), app.route(method, target(world))]).toEqual([
        method,
        target(world),
        name,
      ]);
    }
    await prove(protection, app, makeWorld);
  });
});
