import { advice } from '../../../gateway/advice.ts';
import { awaitApproval, beginApproval, type ApprovalParts } from '../../../gateway/approval.ts';
import type { HttpClient } from '../../../gateway/http-client.ts';
import { createOAuthClient } from '../../../gateway/oauth-client.ts';
import { oauthMetadata } from '../../../gateway/oauth-metadata.ts';
import { createRenewalAttempts } from '../../../gateway/renewal-attempts.ts';
import { isRenewalDue, renewCredentials, type RenewalParts } from '../../../gateway/renewal.ts';
import { areUsable } from '../../../gateway/state/credentials.ts';
import { credentialsFile } from '../../../gateway/state/credentials-store.ts';
import { folderLocks } from '../../../gateway/state/folder-lock.ts';
import { pendingApprovalFile } from '../../../gateway/state/pending-approval.ts';
import { systemTimer } from '../../../gateway/timer.ts';
import type { Account } from '../../../shared/accounts/account.ts';
import { day, hour, minute } from '../../../shared/clock.ts';
import { systemRandom } from '../../../shared/system-clock.ts';
import { oauthInProcess } from '../../support/oauth-in-process.ts';
import { TestServices } from '../../support/services.ts';
import { removeFolders, temporaryFolder } from './temporary-folder.ts';

/** The gateway's own code against the service's own, with one clock for both, or two that disagree. */
describe('a gateway and its service, over a month', () => {
  let test: TestServices;
  let olga: Account;
  let parts: ApprovalParts & RenewalParts;
  /** By how much the gateway's clock is wrong. */
  let skew: number;
  let offline: boolean;
  let renewals: number;

  beforeEach(async () => {
    test = await TestServices.compose();
    olga = await test.account('olga@plant.example');
    skew = 0;
    offline = false;
    renewals = 0;
    const { clock } = test;
    const ask = oauthInProcess(test.services);
    const http: HttpClient = {
      async send({ method, url, headers, body }) {
        if (offline) throw Object.assign(new Error('no route'), { code: 'unreachable' });
        if (body?.includes('grant_type=refresh_token')) renewals++;
        const response = await ask(url.href, {
          method,
          ...(headers && { headers }),
          ...(body !== undefined && { body }),
        });
        return { status: response.status, headers: {}, text: await response.text() };
      },
      close: () => {},
    };
    const folder = await temporaryFolder();
    const service = test.services.site.publicOrigin;
    const skewed = { now: () => clock.now() + skew };
    parts = {
      service,
      oauth: createOAuthClient(oauthMetadata(new URL(service), http, skewed), http),
      store: credentialsFile(folder, folderLocks(folder, systemTimer)),
      pending: pendingApprovalFile(folder),
      clock: skewed,
      timer: { sleep: async (milliseconds) => clock.moveOn(milliseconds) },
      random: systemRandom,
      gatewayName: 'hill-7',
      application: 'drawbridge-gateway 1',
      attempts: createRenewalAttempts(systemRandom),
    };
    const pending = await beginApproval(parts);
    await test.services.deviceGrants.approve(
      pending.userCode,
      { ...olga, factors: [] },
      {
        organization: { kind: 'new', name: 'Plant', slug: 'plant' },
        system: { name: 'North', slug: 'north' },
      },
    );
    await awaitApproval(parts, pending);
  });

  afterEach(async () => {
    await test.close();
    await removeFolders();
  });

  const held = async () => {
    const credentials = await parts.store.read();
    if (!credentials) throw new Error('no credentials');
    return credentials;
  };
  const renewIfDue = () => renewCredentials(parts, (current) => isRenewalDue(current, parts.clock.now()));

  async function live(days: number): Promise<void> {
    for (let hours = 0; hours < days * 24; hours++) {
      test.clock.moveOn(hour);
      await renewIfDue();
    }
  }

  async function access(): Promise<boolean> {
    const credentials = await held();
    if (!areUsable(credentials)) return false;
    return (await test.services.credentials.authenticate(credentials.accessToken)) !== undefined;
  }

  it('renews once a day, with jitter', async () => {
    await live(30);
    expect(renewals).toBeGreaterThanOrEqual(26);
    expect(renewals).toBeLessThanOrEqual(33);
    expect(await access()).toBe(true);
  });

  it('29 days offline: it renews alone', async () => {
    offline = true;
    test.clock.moveOn(29 * day);
    offline = false;
    await renewIfDue();
    expect(await access()).toBe(true);
    expect(renewals).toBe(1);
  });

  it('31 days offline: it says that it expired, asks, and an approval keeps who it is', async () => {
    const before = await held();
    test.clock.moveOn(31 * day);
    await renewIfDue();
    expect(advice(await held())).toMatch(/expired: an owner or admin can renew it in the portal/);
    const pending = await beginApproval(parts);
    const waiting = await test.services.reapproval.ofSystem(before.systemId as never);
    expect(waiting.map(({ renews }) => renews.userCode)).toEqual([pending.userCode]);
    const decider = { accountId: olga.id, email: olga.email };
    await test.services.reapproval.approve(pending.userCode, decider);
    expect((await awaitApproval(parts, pending)).kind).toBe('connected');
    expect(await held()).toMatchObject({
      state: 'connected',
      systemId: before.systemId,
      gatewayId: before.gatewayId,
    });
    expect(await access()).toBe(true);
    await live(3);
    expect(await access()).toBe(true);
  });

  it('31 days offline, and the system was disconnected meanwhile: another message, with other advice', async () => {
    const before = await held();
    const system = await test.services.systems.read(before.systemId as never);
    if (!system) throw new Error('no system');
    await test.services.systems.disconnect(system, { kind: 'account', id: olga.id, label: olga.email });
    test.clock.moveOn(31 * day);
    await renewIfDue();
    const words = advice(await held());
    expect(words).toMatch(/no longer exists.*disconnected by olga@plant\.example.*Run `connect`/);
    expect(words).not.toContain('renew it in the portal');
  });

  it.each([
    ['ten minutes behind', -10 * minute],
    ['ten minutes ahead', 10 * minute],
    ['a year behind', -365 * day],
    ['a year ahead', 365 * day],
  ])('a clock that is %s costs no access', async (_, wrong) => {
    skew = wrong;
    await live(12);
    expect(await access()).toBe(true);
    expect(renewals).toBeGreaterThanOrEqual(10);
    expect(renewals).toBeLessThanOrEqual(15);
    skew = 0;
    await live(3);
    expect(await access()).toBe(true);
  });
});
