import fc from 'fast-check';
import { awaitApproval, beginApproval, PollPace, type ApprovalParts } from '../../../gateway/approval.ts';
import { createHttpClient } from '../../../gateway/http-client.ts';
import { createOAuthClient } from '../../../gateway/oauth-client.ts';
import type { Credentials } from '../../../gateway/state/credentials.ts';
import { credentialsFile } from '../../../gateway/state/credentials-store.ts';
import { folderLocks } from '../../../gateway/state/folder-lock.ts';
import { pendingApprovalFile } from '../../../gateway/state/pending-approval.ts';
import { silentMetadata } from './oauth-parts.ts';
import { ok, startServicePeer, tokensOf, type PeerAnswer, type ServicePeer } from './service-peer.ts';
import { seededRandom, start, stillTime, type StillTime } from './still-time.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

const pendingAnswer: PeerAnswer = { status: 400, json: { error: 'authorization_pending' } };
const slowDown: PeerAnswer = { status: 400, json: { error: 'slow_down' } };
const cut: PeerAnswer = { status: 200, cut: true };

let peer: ServicePeer;
let time: StillTime;
let parts: ApprovalParts;

beforeEach(async () => {
  peer = await startServicePeer();
  time = stillTime();
  const folder = await temporaryFolder();
  parts = {
    service: peer.origin,
    oauth: createOAuthClient(silentMetadata(peer.origin), createHttpClient()),
    store: credentialsFile(folder, folderLocks(folder, time.timer)),
    pending: pendingApprovalFile(folder),
    clock: time.clock,
    timer: time.timer,
    random: seededRandom(),
    gatewayName: 'hill-7',
    application: 'drawbridge-gateway 1',
  };
  let codes = 0;
  peer.on('POST /oauth/device', () =>
    ok({
      device_code: `device-${++codes}`,
      user_code: `CODE-${codes}`,
      verification_uri: 'https://bridge.example/connect',
      verification_uri_complete: `https://bridge.example/connect?code=CODE-${codes}`,
      expires_in: 600,
      interval: 5,
    }),
  );
});

afterEach(async () => {
  await peer.close();
  await removeFolders();
});

/** What the service answers to the polls, in order; the last answer stays. */
function answerPolls(...answers: PeerAnswer[]): void {
  let next = 0;
  peer.on('POST /oauth/token', () => answers[Math.min(next++, answers.length - 1)] ?? pendingAnswer);
}

const forms = (path: string) =>
  peer.requests.filter((request) => request.path === path).map(({ form }) => form);

describe('asking for approval', () => {
  it('shows a link and a code, and keeps the grant on disk', async () => {
    const pending = await beginApproval(parts);
    expect(pending).toEqual({
      service: peer.origin,
      deviceCode: 'device-1',
      userCode: 'CODE-1',
      verificationUri: 'https://bridge.example/connect',
      verificationUriComplete: 'https://bridge.example/connect?code=CODE-1',
      expiresAt: start + 600_000,
      interval: 5,
    });
    expect(await parts.pending.read()).toEqual(pending);
  });

  it('takes up the grant that a killed process left, until it is over', async () => {
    const first = await beginApproval(parts);
    expect(await beginApproval(parts)).toEqual(first);
    time.pass(600_000);
    expect((await beginApproval(parts)).userCode).toBe('CODE-2');
  });

  it('does not take up a grant of another service', async () => {
    const first = await beginApproval(parts);
    await parts.pending.write({ ...first, service: 'https://other.example' });
    expect((await beginApproval(parts)).userCode).toBe('CODE-2');
  });

  const known = {
    systemId: 's',
    systemName: 'S',
    organizationName: 'O',
    gatewayId: 'gw-1',
    since: start,
    refreshToken: 'refresh-9',
  };

  it.each<['expired' | 'revoked' | 'deleted', string | undefined]>([
    ['expired', 'refresh-9'],
    ['revoked', 'refresh-9'],
    ['deleted', undefined],
  ])('proves who it was when it was %s', async (state, proof) => {
    const reason = state === 'deleted' ? 'system_deleted' : state;
    await parts.store.write({ ...known, service: peer.origin, state, reason });
    await beginApproval(parts);
    expect(forms('/oauth/device')[0]?.refresh_token).toBe(proof);
  });

  it('shows the last refresh token to the service that issued it only', async () => {
    await parts.store.write({
      ...known,
      service: 'https://other.example',
      state: 'revoked',
      reason: 'revoked',
    });
    await beginApproval(parts);
    expect(forms('/oauth/device')[0]?.refresh_token).toBeUndefined();
  });

  it('ends for good, with the words of the service, when the system was deleted meanwhile', async () => {
    await parts.store.write({ ...known, service: peer.origin, state: 'expired', reason: 'expired' });
    const words = 'The system was disconnected by olga@plant.example.';
    peer.on('POST /oauth/device', {
      status: 400,
      json: { error: 'invalid_grant', error_code: 'system_deleted', error_description: words },
    });
    await expect(beginApproval(parts)).rejects.toMatchObject({
      code: 'not-connected',
      message: expect.stringContaining(words) as string,
    });
    expect(await parts.store.read()).toMatchObject({ state: 'deleted', reason: 'system_deleted', words });
    expect(await parts.store.read()).not.toHaveProperty('refreshToken');
  });
});

describe('waiting for approval', () => {
  it('polls at the interval and keeps what it gets', async () => {
    answerPolls(pendingAnswer, pendingAnswer, ok(tokensOf(1)));
    const outcome = await awaitApproval(parts, await beginApproval(parts));
    expect(time.waits).toEqual([5000, 5000, 5000]);
    const credentials = await parts.store.read();
    expect(outcome).toEqual({ kind: 'connected', credentials });
    expect(credentials).toMatchObject<Partial<Credentials>>({
      state: 'connected',
      service: peer.origin,
      accessToken: 'access-1',
      accessTokenExpiresAt: start + 15_000 + 604_800_000,
      refreshToken: 'refresh-1',
      systemName: 'North site',
      gatewayId: 'gw-1',
    });
    expect(await parts.pending.read()).toBeUndefined();
  });

  it('waits five seconds more after each slow_down, for good', async () => {
    answerPolls(slowDown, pendingAnswer, slowDown, pendingAnswer, ok(tokensOf(1)));
    await awaitApproval(parts, await beginApproval(parts));
    expect(time.waits).toEqual([5000, 10_000, 10_000, 15_000, 15_000]);
  });

  it('backs off while the service cannot be reached, and comes back to the interval', async () => {
    answerPolls(cut, cut, { status: 503 }, pendingAnswer, ok(tokensOf(1)));
    await awaitApproval(parts, await beginApproval(parts));
    expect(time.waits).toEqual([5000, 10_000, 20_000, 40_000, 5000]);
  });

  it.each([
    ['access_denied', 'denied'],
    ['expired_token', 'expired'],
  ])('ends at %s, with nothing kept', async (error, kind) => {
    answerPolls(pendingAnswer, { status: 400, json: { error } });
    expect(await awaitApproval(parts, await beginApproval(parts))).toEqual({ kind });
    expect(await parts.pending.read()).toBeUndefined();
    expect(await parts.store.read()).toBeUndefined();
  });

  it('ends by itself when the code is over, even if the service never says so', async () => {
    answerPolls(pendingAnswer);
    expect(await awaitApproval(parts, await beginApproval(parts))).toEqual({ kind: 'expired' });
    expect(forms('/oauth/token')).toHaveLength(120);
  });

  it('ends when somebody on this side withdraws it', async () => {
    answerPolls(pendingAnswer);
    const pending = await beginApproval(parts);
    const outcome = awaitApproval(parts, pending, {
      onPoll: () => void parts.pending.remove(),
    });
    expect(await outcome).toEqual({ kind: 'withdrawn' });
  });

  it('leaves the grant on disk when it is interrupted, to be taken up again', async () => {
    answerPolls(pendingAnswer);
    const pending = await beginApproval(parts);
    const stop = new AbortController();
    await expect(
      awaitApproval(parts, pending, { signal: stop.signal, onPoll: () => stop.abort(new Error('stop')) }),
    ).rejects.toThrow('stop');
    expect(await parts.pending.read()).toEqual(pending);
  });

  it('gives up on an answer outside the protocol', async () => {
    answerPolls({ status: 401, json: { error: 'invalid_client' } });
    await expect(awaitApproval(parts, await beginApproval(parts))).rejects.toMatchObject({ code: 'refused' });
    expect(await parts.pending.read()).toBeUndefined();
  });
});

describe('the pace of polling (RFC 8628 section 3.5)', () => {
  it('never polls faster than asked, nor waits more than a minute longer, whatever happened', () => {
    const event = fc.constantFrom('answered', 'slowDown', 'failed');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.array(event, { maxLength: 60 }), (interval, events) => {
        const pace = new PollPace(interval);
        let least = interval * 1000;
        for (const each of events) {
          pace[each]();
          if (each === 'slowDown') least += 5000;
          expect(pace.wait()).toBeGreaterThanOrEqual(least);
          expect(pace.wait()).toBeLessThanOrEqual(least + 60_000);
        }
      }),
    );
  });
});
