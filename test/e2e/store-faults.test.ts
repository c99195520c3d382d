import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { Person, send, type Answer } from '../../local/rehearsal/person.ts';
import { Runtime } from '../../local/rehearsal/runtime.ts';
import { tokensByDeviceGrant } from '../support/device-grant.ts';

/** A system that shares, and asks after its shares. */
async function sharing(runtime: Runtime) {
  const owner = new Person(runtime, 'olga@plant.example');
  const { access_token } = await tokensByDeviceGrant(runtime, owner, 'plant');
  const authorization = `Bearer ${access_token}`;
  const url = new URL('/api/shares', runtime.origin).href;
  const make = (key: string): Promise<Answer> =>
    send(url, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({
        dashboard: { id: 'north', title: 'North', entryPath: '/north' },
        recipients: ['ann@guest.example'],
        allowlist: { version: 1, rules: [{ id: '1', method: 'GET', path: ['north'] }] },
        sharedBy: { name: 'Olga' },
      }),
    });
  const count = async () =>
    (JSON.parse((await send(url, { headers: { authorization } })).text) as { shares: unknown[] }).shares
      .length;
  return { make, count };
}

const unavailable = {
  status: 503,
  headers: expect.objectContaining({
    'content-type': 'application/problem+json',
    'retry-after': expect.stringMatching(/^[1-9]\d*$/) as string,
  }) as object,
};

it('answers 503 and when to come back while the store is gone, and goes on by itself', async () => {
  const runtime = await Runtime.start();
  const { make, count } = await sharing(runtime);
  expect((await make(randomUUID())).status).toBe(201);
  const locking = new DatabaseSync(join(runtime.dataDir, 'documents.sqlite'));
  locking.exec('BEGIN IMMEDIATE');
  const key = randomUUID();
  const refused = await make(key);
  expect(refused).toMatchObject(unavailable);
  // Who names the id of a failed request leads to its lines in the log.
  const { correlationId = '' } = JSON.parse(refused.text) as { correlationId?: string };
  expect(correlationId).toMatch(/^[0-9a-f]{32}$/);
  const lines = runtime.output.split('\n').filter((line) => line.includes(correlationId));
  expect(lines.map((line) => JSON.parse(line) as object)).toContainEqual(
    expect.objectContaining({ event: 'not served', traceId: correlationId, correlationId }),
  );
  expect(await count()).toBe(1);
  locking.exec('ROLLBACK');
  locking.close();
  expect((await make(key)).status).toBe(201);
  expect(await count()).toBe(2);
  expect(await runtime.stop()).toBe(0);
});
