import { emailAddress } from '../../../shared/email/email-address.ts';
import type { Problem } from '../../../shared/problem.ts';
import { startLoopbackCosmos, type LoopbackCosmos } from '../../support/loopback-cosmos.ts';
import { shareWish, TestServices } from '../../support/services.ts';

const ann = emailAddress('ann@guest.example');
const actor = { kind: 'gateway', id: 'gw-1' } as const;

let cosmos: LoopbackCosmos;
let test: TestServices;
beforeAll(async () => {
  cosmos = await startLoopbackCosmos();
  test = await TestServices.compose({ COSMOS_ENDPOINT: cosmos.endpoint, COSMOS_KEY: cosmos.key });
});
afterAll(async () => {
  await test.close();
  await cosmos.close();
});

/** What Cosmos DB is asked while `act` runs; those at the same time in alphabetical order. */
async function asked(act: () => Promise<unknown>): Promise<string[]> {
  cosmos.state.operations.length = 0;
  await act();
  return cosmos.state.operations.toSorted();
}

it('asks Cosmos DB for point reads and single writes on every hot path, never for a query', async () => {
  const { services } = test;
  const { system, credentials } = await test.connect(await test.account('olga@plant.example'));
  const { share } = await services.shares.create(system, actor, shareWish(ann));
  const { session } = await services.sessions.openPortal(await test.account(ann));
  const code = await services.shareHandoff.issue(session, share.id, 'state');

  let cookie: string | undefined;
  const redeeming = await asked(async () => {
    cookie = await services.shareHandoff.redeem(code, share.id, 'state');
  });
  expect(cookie).toBeDefined();
  expect(redeeming).toEqual(['create handoffs', 'create sessions']);

  const renewal = await asked(() => services.credentials.renew(credentials.refreshKey));
  expect(renewal).toEqual(['read gateways', 'replace gateways']);

  const opening = await asked(() => services.shareAccess.check(share.id, cookie));
  expect(opening).toEqual(['read sessions', 'read sessions', 'read shares', 'read systems']);

  const request = () =>
    services
      .tunnel({
        shareId: share.id,
        cookie,
        method: 'GET',
        target: '/dashboards/north',
        headers: [],
        body: new Uint8Array(),
        signal: new AbortController().signal,
        requestId: 'one',
      })
      .catch((error: Problem) => expect(error.status).toBe(503));
  await request();
  // No relay answers here, so the call waits, and while it waits the same is asked again: never anything else.
  const tunnelled = await asked(request);
  expect(new Set(tunnelled)).toEqual(new Set(opening));
  expect(tunnelled.length).toBeGreaterThanOrEqual(opening.length);

  const creating = await asked(() => services.shares.create(system, actor, shareWish(ann)));
  expect(creating).not.toContainEqual(expect.stringContaining('query'));
  expect(creating).toEqual([
    'create allowlists',
    'create audit',
    'create grants',
    'create shares',
    'read organizations',
    'read shares',
    // The mark that the audit is to be told goes once it has been.
    'read shares',
    'replace shares',
  ]);
});
