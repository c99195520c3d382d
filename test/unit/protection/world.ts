import { randomUUID } from 'node:crypto';
import { services } from '../../../functions/trigger/services.ts';
import { shareSessionCookie } from '../../../functions/trigger/share-origin.ts';
import { sessionCookie } from '../../../functions/trigger/browser.ts';
import { accountFor, type Account } from '../../../shared/accounts/account.ts';
import { csrfToken } from '../../../shared/accounts/session.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import { isShareId } from '../../../shared/identifier.ts';
import type { Role } from '../../../shared/organizations/organization.ts';
import { shareWish } from '../../support/services.ts';

/** Somebody who is signed in at the portal, with what their browser holds. */
export interface Visitor {
  readonly account: Account;
  readonly cookie: string;
  readonly csrf: string;
}

/**
 * An organization with a member of each role, a connected system and a share with a recipient; and a stranger,
 * who owns another organization with a system of its own.
 */
export async function makeWorld() {
  const {
    accounts,
    clock,
    sessions,
    secrets,
    deviceGrants,
    organizationMembers,
    organizations,
    shares,
    store,
  } = services();
  const unique = randomUUID().slice(0, 8);
  const key = (await secrets.current('handoff')).value;

  async function visitor(name: string): Promise<Visitor> {
    const account = await accountFor(accounts, clock, emailAddress(`${name}-${unique}@people.example`));
    const { cookie, session } = await sessions.openPortal(account);
    const stored = await store.read('sessions', session.pk, session.id);
    // Owners decide about second factors once they have proved one.
    if (stored && name === 'owner') {
      await store.replace(
        'sessions',
        Object.assign(stored.document, { factors: ['code', 'totp'] }),
        stored.etag,
      );
    }
    return { account, cookie: `${sessionCookie}=${cookie}`, csrf: csrfToken(key, cookie) };
  }

  async function connect(owner: Account, name: string) {
    const { userCode, deviceCode } = await deviceGrants.request({ gatewayName: 'gw', source: unique });
    const system = await deviceGrants.approve(userCode, owner, {
      organization: { kind: 'new', name: `Organization ${name}`, slug: name },
      system: { name: `System ${name}`, slug: name },
    });
    const { accessToken, refreshKey, gateway } = await deviceGrants.poll(deviceCode);
    return { system, gatewayId: gateway.id, bearer: `Bearer ${accessToken}`, accessToken, refreshKey };
  }

  const [owner, admin, member, stranger, recipient] = await Promise.all(
    ['owner', 'admin', 'member', 'stranger', 'recipient'].map(visitor),
  );
  if (!owner || !admin || !member || !stranger || !recipient) throw new Error('nobody');
  const own = await connect(owner.account, `inner-${unique}`);
  const foreign = await connect(stranger.account, `outer-${unique}`);
  const organization = await organizations.read(own.system.organizationId);
  if (!organization) throw new Error('no organization');
  const by = { accountId: owner.account.id, email: owner.account.email };
  for (const [role, { account }] of [['admin', admin] as const, ['member', member] as const]) {
    await organizationMembers.invite(organization.id, by, { email: account.email, role });
    await organizationMembers.accept(organization.id, { accountId: account.id, email: account.email });
  }
  const { share } = await shares.create(
    own.system,
    { kind: 'gateway', id: 'gw' },
    shareWish(recipient.account.email),
  );
  const portalSession = await sessions.portal(recipient.cookie.split('=')[1]);
  const opened = await sessions.openShare(recipient.account, share.id, portalSession?.id ?? '');
  const roles: Record<Role, Visitor> = { owner, admin, member };
  return {
    organization,
    system: own.system,
    gatewayId: own.gatewayId,
    bearer: own.bearer,
    accessToken: own.accessToken,
    refreshKey: own.refreshKey,
    foreignBearer: foreign.bearer,
    share,
    shareCookie: `${shareSessionCookie}=${opened.cookie}`,
    shareHost: `${share.id}.localhost:7071`,
    roles,
    stranger,
    recipient,
    /** What nobody outside may read anywhere. */
    private: [`inner-${unique}`, own.accessToken, own.refreshKey, share.id, organization.id, own.system.id],
  };
}

export type World = Awaited<ReturnType<typeof makeWorld>>;

/** A share that there is not. */
export const noShare = '2'.repeat(26);
if (!isShareId(noShare)) throw new Error('not a share id');
