import { disconnect, type DisconnectParts } from '../../../gateway/disconnect.ts';
import { GatewayError } from '../../../gateway/gateway-error.ts';
import type { Credentials } from '../../../gateway/state/credentials.ts';
import { credentialsFile } from '../../../gateway/state/credentials-store.ts';
import { folderLocks } from '../../../gateway/state/folder-lock.ts';
import { pendingApprovalFile } from '../../../gateway/state/pending-approval.ts';
import { systemTimer } from '../../../gateway/timer.ts';
import { day } from '../../../shared/clock.ts';
import { start, stillTime } from './still-time.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

const who = {
  service: 'https://bridge.example',
  systemId: 'sys-1',
  systemName: 'North site',
  organizationName: 'Hill Radio',
  gatewayId: 'gw-1',
};
const usable = {
  ...who,
  accessToken: 'access-1',
  accessTokenExpiresAt: start + 7 * day,
  refreshToken: 'refresh-1',
  renewedAt: start,
  renewAt: start + day,
};
const connected: Credentials = { ...usable, state: 'connected' };

let parts: DisconnectParts;
/** What the service answers when it is told. */
let tell: () => Promise<void>;
let told: (Credentials | undefined)[];
let removed: string[];

beforeEach(async () => {
  const folder = await temporaryFolder();
  told = [];
  removed = [];
  tell = async () => {};
  const store = credentialsFile(folder, folderLocks(folder, systemTimer));
  parts = {
    store,
    pending: pendingApprovalFile(folder),
    service: {
      deleteSystem: async () => {
        told.push(await store.read());
        await tell();
      },
      removeGateway: async (id) => {
        removed.push(id);
        await tell();
      },
    },
    clock: stillTime().clock,
  };
});
afterEach(removeFolders);

const failing = (code: GatewayError['code']) => async () => {
  throw new GatewayError(code, `it is ${code}`);
};

describe('disconnecting from this side', () => {
  it('ends the connection here before the service is told, and leaves nothing', async () => {
    await parts.store.write(connected);
    expect(await disconnect(parts)).toEqual({ kind: 'disconnected' });
    expect(told).toEqual([{ ...usable, state: 'disconnecting', since: start }]);
    expect(await parts.store.read()).toBeUndefined();
  });

  it('while the service cannot be reached keeps what is needed to tell it later', async () => {
    await parts.store.write(connected);
    tell = failing('unreachable');
    expect(await disconnect(parts)).toEqual({ kind: 'untold', why: 'it is unreachable' });
    expect(await parts.store.read()).toMatchObject({ state: 'disconnecting', refreshToken: 'refresh-1' });
    tell = async () => {};
    expect(await disconnect(parts)).toEqual({ kind: 'disconnected' });
    expect(await parts.store.read()).toBeUndefined();
  });

  it('of this gateway alone leaves the system, also when the service hears of it later', async () => {
    await parts.store.write(connected);
    tell = failing('unreachable');
    expect(await disconnect(parts, 'gateway')).toEqual({ kind: 'untold', why: 'it is unreachable' });
    expect(await parts.store.read()).toMatchObject({ state: 'disconnecting', only: 'gateway' });
    tell = async () => {};
    // As the daemon goes on with it, or somebody who repeats the command without the flag.
    expect(await disconnect(parts)).toEqual({ kind: 'disconnected' });
    expect(removed).toEqual(['self', 'self']);
    expect(told).toEqual([]);
  });

  it.each<GatewayError['code']>(['not-connected', 'not-found'])(
    'is done when the service answers that there is nothing to end (%s)',
    async (code) => {
      await parts.store.write(connected);
      tell = failing(code);
      expect(await disconnect(parts)).toEqual({ kind: 'disconnected' });
      expect(await parts.store.read()).toBeUndefined();
    },
  );

  it.each(['expired', 'revoked', 'deleted'] as const)('needs no service when it was %s', async (state) => {
    const reason = state === 'deleted' ? 'system_deleted' : state;
    await parts.store.write({ ...who, state, reason, since: start });
    expect(await disconnect(parts)).toEqual({ kind: 'disconnected' });
    expect(told).toEqual([]);
    expect(await parts.store.read()).toBeUndefined();
  });

  it('withdraws an approval that is waited for', async () => {
    await parts.pending.write({
      service: 'https://bridge.example',
      deviceCode: 'device-1',
      userCode: 'CODE',
      verificationUri: 'https://bridge.example/connect',
      verificationUriComplete: 'https://bridge.example/connect',
      expiresAt: start,
      interval: 5,
    });
    expect(await disconnect(parts)).toEqual({ kind: 'was-not-connected' });
    expect(await parts.pending.read()).toBeUndefined();
    expect(told).toEqual([]);
  });

  it('does not undo a new connection that was made while the old one ended', async () => {
    await parts.store.write(connected);
    tell = () => parts.store.write({ ...connected, gatewayId: 'gw-2' });
    await disconnect(parts);
    expect(await parts.store.read()).toMatchObject({ state: 'connected', gatewayId: 'gw-2' });
  });
});
