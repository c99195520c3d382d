import { mkdir } from 'node:fs/promises';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { isRenewalDue } from '../../gateway/renewal.ts';
import { areUsable } from '../../gateway/state/credentials.ts';
import { credentialsFile } from '../../gateway/state/credentials-store.ts';
import { folderLocks } from '../../gateway/state/folder-lock.ts';
import { systemTimer } from '../../gateway/timer.ts';
import { day, minute } from '../../shared/clock.ts';
import { Faults } from '../simulate/renewals/faults.ts';
import { GatewayProcess, type Surroundings } from '../simulate/renewals/gateway-process.ts';
import { Network } from '../simulate/renewals/network.ts';
import { serviceOrigin } from '../simulate/renewals/service.ts';
import { World } from '../simulate/renewals/world.ts';
import { seededRandom } from '../simulate/seeded-random.ts';
import { oidcPeerName, startOidcPeer } from './oidc-peer/oidc-peer.ts';
import { figure, type BenchResult } from './result.ts';
import { postForm } from './token-endpoint.ts';

const gateways = 1000;
const length = 7 * day;
const seed = 2026;

type Server = Surroundings['service'];

/**
 * How many of the gateways are shut out in a week of daily renewals. The gateway's code is the real one on both sides;
 * network and crashes strike by the same seed for the n-th gateway of either: requests and replies lost, doubled and
 * late, the gateway dead before and after it writes. Nobody steals, the service never fails.
 */
async function lockOuts(
  rate: number,
  connect: (world: World) => Promise<{ server: Server; folders: readonly string[] }>,
): Promise<number> {
  const world = await World.create({ seed, mayLoseJournal: true });
  world.faults.enabled = false;
  try {
    const { server, folders } = await connect(world);
    const { timeline } = world;
    let lost = 0;
    for (const [index, folder] of folders.entries()) {
      const random = seededRandom(seed + index);
      const faults = new Faults(random, rate);
      const network = new Network(faults, timeline, random);
      const process = new GatewayProcess(folder, {
        service: server,
        network,
        faults,
        clock: timeline,
        random,
      });
      const turn = async (): Promise<void> => {
        const { kind } = await process.go((held) => isRenewalDue(held, timeline.now()));
        if (kind === 'shut out') {
          lost++;
          return;
        }
        const held = await process.read();
        const due = kind === 'served' && areUsable(held) ? held.renewAt - timeline.now() : 0;
        timeline.after(Math.max(due, minute) + random.below(9 * minute), turn);
      };
      timeline.after(random.below(day), turn);
    }
    for (const end = timeline.now() + length; timeline.now() < end;) await timeline.next();
    return lost;
  } finally {
    await world.close();
  }
}

async function connectToOurs(world: World) {
  const folders: string[] = [];
  while (folders.length < gateways) {
    for (const { folder } of await world.connect()) folders.push(folder);
  }
  return { server: world.service, folders };
}

async function withPeer(rate: number): Promise<number> {
  const peer = await startOidcPeer(gateways);
  const agent = new Agent({ keepAlive: true });
  const server: Server = {
    token: (body) => postForm({ agent, port: peer.port, path: '/token' }, body),
    // It learns nothing from the use of its tokens.
    use: async () => true,
  };
  try {
    return await lockOuts(rate, async (world) => {
      const folders = await Promise.all(
        peer.refreshTokens.map(async (refreshToken, index) => {
          const folder = join(world.folder, `peer-${index}`);
          await mkdir(folder);
          const now = world.timeline.now();
          await credentialsFile(folder, folderLocks(folder, systemTimer)).write({
            state: 'connected',
            service: serviceOrigin,
            systemId: 'sys',
            systemName: 'Site',
            organizationName: 'Plant',
            gatewayId: `${index}`,
            accessToken: 'first',
            accessTokenExpiresAt: now + 7 * day,
            refreshToken,
            renewedAt: now,
            renewAt: now,
          });
          return folder;
        }),
      );
      return { server, folders };
    });
  } finally {
    agent.destroy();
    await peer.close();
  }
}

/** Lock-outs under the same faults: our rule of single use, and that of `oidc-provider`. */
export async function benchLockOuts(): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const rate of [0.01, 0.05]) {
    const ours = await lockOuts(rate, connectToOurs);
    const theirs = await withPeer(rate);
    results.push(
      figure(
        `lock-outs of 1000 gateways in a week, ${rate * 100} % faults`,
        '',
        ours,
        { name: oidcPeerName, value: theirs },
        { bound: 'at most', value: 0 },
      ),
    );
  }
  return results;
}
