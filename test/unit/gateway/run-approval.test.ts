import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readGatewayConfiguration } from '../../../gateway/configuration.ts';
import { composeGateway } from '../../../gateway/gateway.ts';
import { run } from '../../../gateway/run.ts';
import { day, minute } from '../../../shared/clock.ts';
import { silentLog } from '../../../shared/log.ts';
import { systemRandom } from '../../../shared/system-clock.ts';
import { credentialsOf, until, writeCredentials } from './gateway-process.ts';
import { ok, startServicePeer, type ServicePeer } from './service-peer.ts';
import { start } from './still-time.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

/** How often a gateway that was shut out asks again by itself: the daemon in this process, with a clock of our own. */
describe('asking for approval again', () => {
  let state: string;
  let peer: ServicePeer;
  let now: number;
  let stop: AbortController;
  let ended: Promise<void>;

  beforeEach(async () => {
    state = join(await temporaryFolder(), 'state');
    peer = await startServicePeer();
    now = start;
    stop = new AbortController();
    const address = { verification_uri: 'https://portal.example/connect', expires_in: 900, interval: 0.02 };
    peer.on('POST /oauth/device', ok({ device_code: 'd-1', user_code: 'WDJB-MJHT', ...address }));
    const { service, systemId, systemName, organizationName, gatewayId } = credentialsOf(peer.origin);
    const identity = { service, systemId, systemName, organizationName, gatewayId };
    await writeCredentials(state, { ...identity, state: 'revoked', reason: 'revoked', since: start });
  });

  afterEach(async () => {
    stop.abort();
    await ended;
    await peer.close();
    await removeFolders();
  });

  async function begin(): Promise<void> {
    const flags = { service: peer.origin, upstream: peer.origin, state };
    const gateway = await composeGateway(await readGatewayConfiguration(flags), {
      clock: { now: () => now },
      random: systemRandom,
      log: silentLog,
      proxyEnv: {},
      application: 'gateway 1',
    });
    const ready = Promise.withResolvers<void>();
    ended = run(gateway, () => ready.resolve(), stop.signal).finally(() => gateway.close());
    await ready.promise;
  }

  const asked = (path: string) => peer.requests.filter((request) => request.path === path).length;
  const isPending = async () => (await readdir(state)).includes('approval.json');

  it('waits a day after somebody denied it', async () => {
    peer.on('POST /oauth/token', { status: 400, json: { error: 'access_denied' } });
    await begin();
    await until(async () => asked('/oauth/token') === 1 && !(await isPending()));
    // Several looks, at each of which it would ask if it did not mind the answer.
    for (let looks = 0; looks < 3; looks += 1) {
      now += 10 * minute;
      await new Promise((resolve) => setTimeout(resolve, 1100));
    }
    expect(asked('/oauth/device')).toBe(1);
    now += day;
    await until(() => asked('/oauth/device') === 2);
  });

  it('goes on at once when nobody decided in time, so that there is always a code to approve', async () => {
    peer.on('POST /oauth/token', { status: 400, json: { error: 'expired_token' } });
    await begin();
    await until(() => asked('/oauth/device') === 3);
  });
});
