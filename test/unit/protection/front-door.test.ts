import { rmSync } from 'node:fs';
import { z } from 'zod';
import { operationsServed } from '../../../functions/trigger/endpoint.ts';
import type { Operation } from '../../../functions/trigger/operation.ts';
import { services } from '../../../functions/trigger/services.ts';
import { loadFunctionApp, type FunctionApp } from '../../support/function-app.ts';

jest.mock(
  '@azure/functions-core',
  () => jest.requireActual<object>('../../../local/functions-host/functions-core.ts'),
  { virtual: true },
);

const frontDoorId = '9f0c8a5e-6d0b-4d5c-8a63-3f1b7f3f6a11';
const otherId = '9f0c8a5e-6d0b-4d5c-8a63-3f1b7f3f6a12';

/** A path of an operation, with something in place of its parameters. */
const pathOf = ({ path, params = {} }: Operation) =>
  path.replaceAll(/\{\*?([^}]+)\}/g, (_, name: string) => {
    const values = params[name];
    return values instanceof z.ZodEnum ? String(values.options[0]) : 'x';
  });

let app: FunctionApp;
beforeAll(async () => {
  app = await loadFunctionApp({
    RELAY_ENDPOINT: 'http://127.0.0.1:9',
    FRONT_DOOR_ID: frontDoorId.toUpperCase(),
  });
});
afterAll(async () => {
  services().sender.close();
  await services().store.close();
  rmSync(app.dataDir, { recursive: true, force: true });
});

describe('a service behind a Front Door (OWASP ASVS 14.5.3, 1.14.6)', () => {
  it.each([
    ['nobody', {}],
    ['the Front Door of somebody else', { 'x-azure-fdid': otherId }],
    ['two of them', { 'x-azure-fdid': `${frontDoorId}, ${otherId}` }],
    ['an empty one', { 'x-azure-fdid': '' }],
  ])('answers no request that comes through %s, whatever it asks', async (_, headers) => {
    const answers = new Map<string, number>();
    for (const operation of operationsServed()) {
      const { method } = operation;
      const { status } = await app.call(pathOf(operation), { method, headers });
      answers.set(`${method} ${operation.path}`, status);
    }
    expect(answers.size).toBeGreaterThan(50);
    expect([...answers].filter(([, status]) => status !== 403)).toEqual([]);
  });

  it.each([frontDoorId, frontDoorId.toUpperCase()])('answers what comes through its own, %s', async (id) => {
    const { status } = await app.call('/sign-in', { headers: { 'x-azure-fdid': id } });
    expect(status).toBe(200);
  });
});
