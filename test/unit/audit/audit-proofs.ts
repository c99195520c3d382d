import { join } from 'node:path';
import { HttpRequest, InvocationContext } from '@azure/functions';
import { accountSessions } from '../../../functions/account-sessions.ts';
import { sessionCookie } from '../../../functions/trigger/browser.ts';
import { csrfToken } from '../../../shared/accounts/session.ts';
import type { Visit } from '../../../shared/accounts/visit.ts';
import type { AuditAction } from '../../../shared/audit/audit-actions.ts';
import type { AuditActor } from '../../../shared/audit/audit-log.ts';
import { runBackup } from '../../../shared/backup/backup-run.ts';
import { makeBackup } from '../../../shared/backup/backup.ts';
import { runDrill } from '../../../shared/backup/drill.ts';
import { restore } from '../../../shared/backup/restore.ts';
import { day, hour, instant } from '../../../shared/clock.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import { openFileSecretStore } from '../../../shared/secrets/file-secret-store.ts';
import type { TestServices } from '../../support/services.ts';
import { shareWish } from '../../support/services.ts';
import { totpAt } from '../../support/totp.ts';

/** An act in real services, ready to be done, and what the audit is to say of it. */
export interface Proof {
  /** Of which organization; the service's own unless given. */
  readonly chain?: string;
  readonly actor: Partial<AuditActor> & { readonly kind: AuditActor['kind'] };
  /** Kind of what it happened to. */
  readonly subject?: string;
  /** The services to look in, where they went on as another process. */
  readonly goesOn?: TestServices;
  readonly act: () => Promise<unknown>;
}

/** Where another test proves it; the test looks whether that file names the action. */
export interface ProvedElsewhere {
  readonly provedIn: string;
}

export type Stage = Awaited<ReturnType<typeof makeStage>>;

const visit = { source: '192.0.2.1', browser: 'Firefox on Linux' } as Visit;
const ann = emailAddress('ann@guest.example');
const otto = emailAddress('otto@plant.example');
const password = 'six herons over the weir';
const gateway = { kind: 'gateway', id: 'gw-1', label: 'gw' } as const;

/** An owner with a connected system that shares with Ann, and Otto, who is invited to become a member. */
export async function makeStage(test: TestServices) {
  const olga = await test.account('olga@plant.example');
  const guest = await test.account(ann);
  const { services } = test;
  const { system, credentials } = await test.connect(olga);
  const { share } = await services.shares.create(system, gateway, shareWish(ann));
  const organization = system.organizationId;
  const by = { accountId: olga.id, email: olga.email };
  const otter = await test.account(otto);
  const joining = { accountId: otter.id, email: otto };
  const members = services.organizationMembers;
  const invited = () => members.invite(organization, by, { email: otto, role: 'member' });
  const joined = async () => {
    await invited();
    await members.accept(organization, joining);
  };
  const secondFactor = async () => {
    const enrolment = await services.secondFactors.enrol(guest);
    const code = totpAt(enrolment.secret, test.clock.now());
    await services.secondFactors.confirm(guest, enrolment.sealed, code, visit);
  };
  const passwordLink = async () => {
    await services.passwordLinks.request(ann, visit);
    return /token=([\w-]+)/.exec((await test.mails(ann))[0]?.text ?? '')?.[1] ?? '';
  };
  /** A gateway that was off for a month asks again. */
  const asks = async () => {
    test.clock.moveOn(31 * day);
    const presented = credentials.refreshKey;
    const asked = await services.reapproval.request({ gatewayName: 'gw', source: visit.source, presented });
    if (!asked) throw new Error('taken for a new gateway');
    return asked;
  };
  const tried = async () => {
    const refusal = { by: 'service', difference: 'The path differs.' } as const;
    await services.refusedCalls.note(share.id, { method: 'GET', target: '/dashboards/south' }, refusal);
    const [call] = await services.refusedCalls.of(share.id);
    return services.allowlistChanges.propose(share, call?.id ?? '');
  };
  return {
    ...{ test, services, olga, by, guest, system, credentials, share, organization },
    ...{ members, joining, invited, joined, secondFactor, passwordLink, asks, tried },
  };
}

type MakeProof = (stage: Stage) => Proof | Promise<Proof>;

const ofGuest = { actor: { kind: 'account', label: ann } } as const;
const ofService = { actor: { kind: 'service' } } as const;
const byOwner = ({ organization: chain, by }: Stage) =>
  ({ chain, actor: { kind: 'account', id: by.accountId, label: by.email } }) as const;
const byGateway = ({ organization: chain }: Stage) => ({ chain, actor: { kind: 'gateway' } }) as const;

/** How each action of the catalogue comes about. An action without a proof is a type error, and fails by name. */
export const auditProofs: Readonly<Record<AuditAction, MakeProof | ProvedElsewhere>> = {
  'account.signed-in': ({ services, guest }) => ({
    ...ofGuest,
    act: () => services.signInSteps.first(guest, 'code', visit),
  }),
  'account.sign-in-refused': ({ services, guest }) => ({
    // An address that may have no account is not kept.
    actor: { kind: 'account', id: guest.id },
    act: () => services.passwords.check(ann, 'a wrong one', visit),
  }),
  'account.password-set': ({ services, guest }) => ({
    ...ofGuest,
    act: () => services.passwords.set(guest, password, visit),
  }),
  'account.password-removed': async ({ services, guest }) => {
    await services.passwords.set(guest, password, visit);
    return { ...ofGuest, act: () => services.passwords.remove(guest, visit) };
  },
  'account.recovery-requested': ({ services, guest }) => ({
    actor: { kind: 'account', id: guest.id },
    act: () => services.passwordLinks.request(ann, visit),
  }),
  'account.recovery-used': async ({ services, passwordLink }) => {
    const token = await passwordLink();
    return { ...ofGuest, act: () => services.passwordLinks.choose(token, password, visit) };
  },
  'account.second-factor-on': ({ secondFactor }) => ({ ...ofGuest, act: secondFactor }),
  'account.second-factor-off': async ({ services, guest, secondFactor }) => {
    await secondFactor();
    return { ...ofGuest, act: () => services.secondFactors.remove(guest, visit) };
  },
  'account.recovery-codes-renewed': async ({ services, guest, secondFactor }) => {
    await secondFactor();
    return { ...ofGuest, act: () => services.secondFactors.renewRecoveryCodes(guest, visit) };
  },
  'account.session-revoked': async ({ services, guest }) => {
    const { cookie } = await services.sessions.openPortal(guest);
    const other = await services.sessions.openPortal(guest);
    const csrf = csrfToken((await services.secrets.current('handoff')).value, cookie);
    const request = new HttpRequest({
      url: `${services.site.publicOrigin}/account/sessions/end`,
      method: 'POST',
      params: { act: 'end' },
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: services.site.publicOrigin,
        cookie: `${sessionCookie}=${cookie}`,
      },
      body: { string: new URLSearchParams({ csrf, session: other.session.id }).toString() },
    });
    return {
      ...ofGuest,
      act: async () => accountSessions(services, request, new InvocationContext()),
    };
  },
  'account.deleted': ({ services, guest }) => ({
    actor: { kind: 'account', id: guest.id },
    act: () => services.accountDeletion.remove(guest, visit),
  }),
  'organization.created': {
    provedIn: 'test/unit/audit/audit-catalogue.test.ts',
  },
  'organization.changed': (stage) => ({
    ...byOwner(stage),
    subject: 'organization',
    act: () => stage.services.organizationLife.rename(stage.organization, stage.by, 'Works'),
  }),
  'organization.deleted': async (stage) => {
    await stage.services.systems.disconnect(stage.system, gateway);
    return {
      ...byOwner(stage),
      subject: 'organization',
      act: () => stage.services.organizationLife.remove(stage.organization, stage.by),
    };
  },
  'organization.member-invited': (stage) => ({ ...byOwner(stage), subject: 'member', act: stage.invited }),
  'organization.invitation-withdrawn': async (stage) => {
    await stage.invited();
    return {
      ...byOwner(stage),
      subject: 'member',
      act: () => stage.members.withdraw(stage.organization, stage.by, otto),
    };
  },
  'organization.member-joined': ({ organization, joined }) => ({
    ...{ chain: organization, actor: { kind: 'account', label: otto }, subject: 'member' },
    act: joined,
  }),
  'organization.member-changed': async (stage) => {
    await stage.joined();
    return {
      ...byOwner(stage),
      subject: 'member',
      act: () => stage.members.changeRole(stage.organization, stage.by, otto, 'admin'),
    };
  },
  'organization.member-removed': async (stage) => {
    await stage.joined();
    return {
      ...byOwner(stage),
      subject: 'member',
      act: () => stage.members.remove(stage.organization, stage.by, otto),
    };
  },
  'organization.member-left': async ({ organization, joined, joining, members }) => {
    await joined();
    return {
      ...{ chain: organization, actor: { kind: 'account', label: otto }, subject: 'member' },
      act: () => members.leave(organization, joining),
    };
  },
  'system.connected': { provedIn: 'test/unit/audit/audit-catalogue.test.ts' },
  'system.connection-denied': async ({ services, olga }) => {
    const asked = await services.deviceGrants.request({ gatewayName: 'gw', source: visit.source });
    return {
      actor: { kind: 'account', id: olga.id },
      act: () => services.deviceGrants.deny(asked.userCode, olga),
    };
  },
  'system.disconnected': (stage) => ({
    ...byGateway(stage),
    subject: 'system',
    act: () => stage.services.systems.disconnect(stage.system, gateway),
  }),
  'system.confirmed': async (stage) => {
    const { id } = await makeBackup(stage.services);
    const held = await stage.test.loseDocuments();
    const { services } = held;
    await restore({ from: id, source: services, into: services.store, clock: held.clock });
    const { chain, actor } = byOwner(stage);
    const act = () => services.heldShares.confirm(stage.system, actor);
    return { chain, actor, subject: 'system', goesOn: held, act };
  },
  'gateway.renewal-refused': ({ test, services, credentials, organization }) => ({
    ...{ chain: organization, actor: { kind: 'gateway' }, subject: 'system' },
    act: async () => {
      test.clock.moveOn(31 * day);
      await services.credentials.renew(credentials.refreshKey).catch(() => {});
    },
  }),
  'gateway.revoked': (stage) => ({
    ...byGateway(stage),
    subject: 'system',
    act: async () => {
      const { services, credentials } = stage;
      const newer = await services.credentials.renew(credentials.refreshKey);
      await services.credentials.authenticate(newer.accessToken);
      await services.credentials.renew(credentials.refreshKey).catch(() => {});
    },
  }),
  'gateway.asked': (stage) => ({ ...byGateway(stage), subject: 'system', act: stage.asks }),
  'gateway.approved': async (stage) => {
    const { userCode } = await stage.asks();
    const act = () => stage.services.reapproval.approve(userCode, stage.by);
    return { ...byOwner(stage), subject: 'system', act };
  },
  'gateway.refused': async (stage) => {
    const { userCode } = await stage.asks();
    const act = () => stage.services.reapproval.refuse(userCode, stage.by);
    return { ...byOwner(stage), subject: 'system', act };
  },
  'gateway.added': (stage) => ({
    ...byOwner(stage),
    subject: 'system',
    act: () => stage.test.addGateway(stage.olga, stage.system),
  }),
  'gateway.removed': (stage) => ({
    ...byGateway(stage),
    subject: 'system',
    act: () => stage.services.systems.removeGateway(stage.system, stage.credentials.gateway.id, gateway),
  }),
  'share.created': (stage) => ({
    ...byGateway(stage),
    subject: 'share',
    act: () => stage.services.shares.create(stage.system, gateway, shareWish(otto)),
  }),
  'share.opened': ({ services, organization, share, guest }) => ({
    ...{ chain: organization, actor: { kind: 'recipient', label: ann }, subject: 'share' },
    act: () => services.shares.noteOpened(share, guest.id),
  }),
  'share.updated': (stage) => ({
    ...byGateway(stage),
    subject: 'share',
    act: () => stage.services.shares.update(stage.share, gateway, { recipients: [otto] }),
  }),
  'share.expired': async ({ test, services, organization, system }) => {
    const wish = { ...shareWish(ann), expiresAt: instant(test.clock.now() + hour) };
    await services.shares.create(system, gateway, wish);
    test.clock.moveOn(2 * hour);
    const act = () => services.shares.endExpired(10);
    return { chain: organization, actor: { kind: 'service', id: 'expiry' }, subject: 'share', act };
  },
  'share.revoked': (stage) => ({
    ...byGateway(stage),
    subject: 'share',
    act: () => stage.services.shares.remove(stage.share, gateway),
  }),
  'share.recipient-left': ({ services, organization, share, guest }) => ({
    ...{ chain: organization, actor: { kind: 'recipient', label: ann }, subject: 'share' },
    act: () => services.shares.leave(share.id, guest.id, ann),
  }),
  'invitation.resent': (stage) => ({
    ...byGateway(stage),
    subject: 'share',
    act: () => stage.services.shares.resendInvitation(stage.share, gateway, ann),
  }),
  'request.refused': async ({ services, organization, share, guest }) => {
    const { session } = await services.sessions.openPortal(guest);
    const { cookie } = await services.sessions.openShare(guest, share.id, session.id);
    const request = {
      ...{ shareId: share.id, cookie, method: 'DELETE', target: '/everything', headers: [] },
      ...{ body: new Uint8Array(), signal: new AbortController().signal, requestId: 'one' },
    };
    return {
      ...{ chain: organization, actor: { kind: 'recipient', label: ann }, subject: 'share' },
      act: () => services.tunnel(request).catch(() => {}),
    };
  },
  'request.admitted': async (stage) => {
    const proposal = await stage.tried();
    const { chain, actor } = byOwner(stage);
    const { allowlistChanges } = stage.services;
    const act = () => allowlistChanges.admit(stage.share, actor, proposal.call.id, proposal.digest);
    return { chain, actor, subject: 'share', act };
  },
  'key.rotated': async ({ test, services }) => {
    await services.rotationNotice.look();
    const file = join(test.dataDir, 'secrets.json');
    const act = async () => {
      await openFileSecretStore({ ...services, clock: test.clock, file }).rotate('token-signing');
      test.clock.moveOn(hour);
      await services.rotationNotice.look();
      // Looking again tells nothing again.
      await services.rotationNotice.look();
    };
    return { ...ofService, subject: 'secret', act };
  },
  'key.exported': { provedIn: 'test/e2e/restore-commands.test.ts' },
  'setting.changed': (stage) => {
    const { chain, actor } = byOwner(stage);
    const { policies, organizations } = stage.services;
    const act = async () =>
      policies.set(
        (await organizations.read(stage.organization))!,
        { caller: stage.by, actor },
        { longestShareDays: 7 },
        'keep',
      );
    return { chain, actor, subject: 'organization', act };
  },
  'backup.made': ({ services }) => ({
    ...ofService,
    subject: 'backup',
    act: () => runBackup({ ...services, pauses: [] }),
  }),
  'backup.failed': ({ services }) => {
    services.blobs.write = () => Promise.reject(new Error('no space'));
    return { ...ofService, act: () => runBackup({ ...services, pauses: [] }).catch(() => {}) };
  },
  'backup.restored': { provedIn: 'test/e2e/restore-commands.test.ts' },
  'drill.passed': async ({ services }) => {
    await makeBackup(services);
    return { ...ofService, subject: 'backup', act: () => runDrill(services) };
  },
  'drill.failed': ({ services }) => ({
    ...ofService,
    subject: 'backup',
    act: () => runDrill(services).catch(() => {}),
  }),
  'audit.pruned': ({ test, services, organization }) => ({
    ...{ chain: organization, actor: { kind: 'service', id: 'expiry' } },
    act: () => {
      test.clock.moveOn(day);
      return services.audit.prune(organization, instant(test.clock.now()), 100);
    },
  }),
};
