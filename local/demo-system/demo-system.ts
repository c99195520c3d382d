import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Clock, Random } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { ADMIN_NAME, ensureAdmin } from './admin-account.ts';
import { createAlarmStreams, type StreamPace } from './alarm-stream.ts';
import { createApplication } from './application.ts';
import { loadAssets } from './assets.ts';
import { createGatewayClient, type GatewayAddress } from './gateway-client.ts';
import { createSessions } from './sessions.ts';
import { createSignIn } from './sign-in.ts';
import { openUserStore } from './user-store.ts';

export interface DemoSystemOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly hostname: string;
  /** Holds `users.json` and `admin-password.txt`; made when missing. */
  readonly dataDir: string;
  /** The gateway program's local API; nothing can be shared without it. */
  readonly gateway?: GatewayAddress | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** How often alarm streams look and send a heartbeat; each second and every five by default. */
  readonly streamPace?: StreamPace;
}

export interface DemoSystem {
  readonly origin: string;
  readonly adminName: string;
  readonly adminPassword: string;
  close(): Promise<void>;
}

/**
 * Starts Hilltop Monitor, the on-prem application of the demonstration: it watches a broadcaster's
 * plant, has its own users and permissions, and knows of the cloud only that a gateway program shares.
 * @throws when the port is taken or the data folder cannot be used
 */
export async function startDemoSystem(options: DemoSystemOptions): Promise<DemoSystem> {
  const { clock, random, log, dataDir, gateway } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const users = await openUserStore(join(dataDir, 'users.json'), clock);
  const adminPassword = await ensureAdmin(users, dataDir, random);
  const streams = createAlarmStreams(
    () => clock.now(),
    options.streamPace ?? { look: 1_000, heartbeat: 5_000 },
  );
  const server = createServer(
    // Longer than clients keep an idle connection, so that no request meets a closing socket.
    { keepAliveTimeout: 75_000, headersTimeout: 20_000, requestTimeout: 30_000 },
    createApplication({
      users,
      sessions: createSessions(clock, random),
      signIn: createSignIn(users, clock, random),
      formKey: random.bytes(32),
      assets: await loadAssets(),
      streams,
      gateway: gateway ? createGatewayClient(gateway) : undefined,
      clock,
      random,
      log,
    }),
  );
  const origin = await listen(server, options);
  log.info('hilltop monitor started', { origin });
  return {
    origin,
    adminName: ADMIN_NAME,
    adminPassword,
    close: async () => {
      streams.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

const listen = (server: Server, { port, hostname }: DemoSystemOptions): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, hostname, () => {
      server.off('error', reject);
      const address = server.address();
      const taken = typeof address === 'object' && address ? address.port : port;
      resolve(`http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${taken}`);
    });
  });
