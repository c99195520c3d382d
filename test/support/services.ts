import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeServices, type Services } from '../../functions/trigger/services.ts';
import { accountFor, type Account } from '../../shared/accounts/account.ts';
import { readConfiguration } from '../../shared/configuration.ts';
import type { OrganizationId } from '../../shared/identifier.ts';
import { emailAddress } from '../../shared/email/email-address.ts';
import { listMailbox } from '../../shared/email/mailbox-folder.ts';
import { silentLog } from '../../shared/log.ts';
import type { ShareCreate } from '../../shared/shares/share-request.ts';
import { systemRandom } from '../../shared/system-clock.ts';
import type { System } from '../../shared/systems/system.ts';

/** The real services on a folder of their own, with a clock that stands still until it is moved. */
export class TestServices {
  readonly services: Services;
  readonly dataDir: string;
  readonly clock: { now: () => number; moveOn: (milliseconds: number) => void };

  private constructor(services: Services, dataDir: string, clock: TestServices['clock']) {
    this.services = services;
    this.dataDir = dataDir;
    this.clock = clock;
  }

  static async compose(settings: Record<string, string> = {}): Promise<TestServices> {
    const dataDir = await mkdtemp(join(tmpdir(), 'drawbridge-services-'));
    let now = Date.UTC(2026, 5, 1, 12);
    const clock = { now: () => now, moveOn: (milliseconds: number) => void (now += milliseconds) };
    const services = composeServices(readConfiguration({ ...settings, DATA_DIR: dataDir }), {
      clock,
      random: systemRandom,
      log: silentLog,
    });
    return new TestServices(services, dataDir, clock);
  }

  /** The same service after its store was lost altogether: secrets, backups and mailbox are left. */
  async loseDocuments(): Promise<TestServices> {
    await this.services.journal.flush();
    return this.restart(async () => {
      for (const end of ['', '-wal', '-shm'])
        await rm(join(this.dataDir, `documents.sqlite${end}`), { force: true });
    });
  }

  /** The same service as a process of its own that begins anew. */
  async restart(meanwhile?: () => Promise<void>): Promise<TestServices> {
    this.services.sender.close();
    await this.services.store.close();
    await meanwhile?.();
    const { configuration, random, log } = this.services;
    const services = composeServices(configuration, { clock: this.clock, random, log });
    return new TestServices(services, this.dataDir, this.clock);
  }

  account(address: string): Promise<Account> {
    return accountFor(this.services.accounts, this.clock, emailAddress(address));
  }

  async mails(to: string) {
    return (await listMailbox(join(this.dataDir, 'mail'))).filter((mail) => mail.to === to);
  }

  /** A connected system of a new organization, with the first credentials of its gateway. */
  async connect(owner: Account, name = 'north') {
    const { deviceGrants } = this.services;
    const { userCode, deviceCode } = await deviceGrants.request({ gatewayName: 'gw', source: '192.0.2.1' });
    const system: System = await deviceGrants.approve(userCode, owner, {
      organization: { kind: 'new', name: `Org ${name}`, slug: `org-${name}` },
      system: { name, slug: name },
    });
    return { system, credentials: await deviceGrants.poll(deviceCode), deviceCode };
  }

  /** One more system of an organization. */
  async connectTo(owner: Account, id: OrganizationId, name: string) {
    const { deviceGrants } = this.services;
    const { userCode, deviceCode } = await deviceGrants.request({ gatewayName: 'gw', source: '192.0.2.1' });
    const approval = { organization: { kind: 'existing', id }, system: { name, slug: name } } as const;
    const system: System = await deviceGrants.approve(userCode, owner, approval);
    return { system, credentials: await deviceGrants.poll(deviceCode) };
  }

  /** One more gateway of a system. */
  async addGateway(owner: Account, system: System) {
    const { deviceGrants } = this.services;
    const { userCode, deviceCode } = await deviceGrants.request({ gatewayName: 'gw', source: '192.0.2.1' });
    await deviceGrants.approve(userCode, owner, { addTo: system.id });
    return deviceGrants.poll(deviceCode);
  }

  async close(): Promise<void> {
    await this.services.journal.flush().catch(() => {});
    this.services.sender.close();
    await this.services.store.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

export const shareWish = (...recipients: string[]): ShareCreate => ({
  dashboard: { id: 'north', title: 'North', entryPath: '/dashboards/north', items: ['101'] },
  recipients: recipients.map(emailAddress),
  allowlist: { version: 1, rules: [{ id: '1', method: 'GET', path: ['dashboards', 'north'] }] },
  sharedBy: { name: 'Olga' },
});
