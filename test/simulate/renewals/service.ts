import { HttpRequest, InvocationContext } from '@azure/functions';
import { z } from 'zod';
import { token } from '../../../functions/token.ts';
import { composeServices } from '../../../functions/trigger/services.ts';
import type { HttpAnswer } from '../../../gateway/http-client.ts';
import { accountFor } from '../../../shared/accounts/account.ts';
import { createAuditLog } from '../../../shared/audit/audit-log.ts';
import type { Clock, Random } from '../../../shared/clock.ts';
import { readConfiguration } from '../../../shared/configuration.ts';
import { emailAddress } from '../../../shared/email/email-address.ts';
import type { GatewayId, OrganizationId } from '../../../shared/identifier.ts';
import { silentLog } from '../../../shared/log.ts';
import { createAccessTokens } from '../../../shared/oauth/access-token.ts';
import { createOwnersNotice } from '../../../shared/organizations/owners-notice.ts';
import { collection } from '../../../shared/store/collection.ts';
import { createGatewayCredentials } from '../../../shared/systems/gateway-credentials.ts';
import { gatewayRecordSchema, type GatewayRecord } from '../../../shared/systems/gateway-record.ts';
import { systemSchema } from '../../../shared/systems/system.ts';
import type { Faults } from './faults.ts';
import { faultyEmail, faultyStore } from './faulty-store.ts';

export const serviceOrigin = 'https://bridge.example';

/** One host of the service: what it keeps in memory goes with it. */
function startHost(
  folder: string,
  clock: Clock,
  random: Random,
  faults: Faults,
  onMail: (text: string) => void,
) {
  const services = composeServices(
    readConfiguration({ DATA_DIR: folder, PUBLIC_ORIGIN: serviceOrigin, SHARE_DOMAIN: 'share.example' }),
    { clock, random, log: silentLog },
  );
  const store = faultyStore(services.store, faults);
  const { secrets, organizations, journal } = services;
  const credentials = createGatewayCredentials({
    gateways: collection(store, 'gateways', gatewayRecordSchema, journal.of('gateways')),
    tokens: createAccessTokens({ secrets, clock, issuer: serviceOrigin }),
    secrets,
    audit: createAuditLog({ store, clock, random }),
    clock,
    random,
    log: silentLog,
    owners: createOwnersNotice({
      organizations,
      systems: collection(store, 'systems', systemSchema),
      email: faultyEmail(services.email, faults, onMail),
      clock,
      log: silentLog,
      publicOrigin: serviceOrigin,
    }),
  });
  return {
    services,
    credentials,
    hosted: { ...services, credentials },
    gateways: collection(services.store, 'gateways', gatewayRecordSchema),
    async stop() {
      await journal.flush();
      services.sender.close();
      await services.store.close();
    },
  };
}

/** The real service in a folder, on hosts that die. */
export function startService(folder: string, clock: Clock, random: Random, faults: Faults) {
  const mails: string[] = [];
  const answers = new Map<string, number>();
  const start = () => startHost(folder, clock, random, faults, (text) => void mails.push(text));
  let host = start();
  const context = new InvocationContext();

  return {
    get services() {
      return host.services;
    },
    /** Texts of the e-mails that were delivered. */
    mails,
    /** How often the token endpoint said what; late and doubled requests are among them. */
    answers,

    stop: () => host.stop(),

    /** Stops the service, and starts it again after something was done to what it keeps. */
    async restart(meanwhile: () => Promise<void>): Promise<void> {
      await host.stop();
      await meanwhile();
      host = start();
    },

    /** One request to the token endpoint. @throws ServiceDied */
    async token(body: string): Promise<HttpAnswer> {
      const request = new HttpRequest({
        url: `${serviceOrigin}/oauth/token`,
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: { string: body },
      });
      const { status, body: text } = await token(host.hosted, request, context);
      const answer = { status: status ?? 200, headers: {}, text: typeof text === 'string' ? text : '' };
      const said = outcomeOf(answer);
      answers.set(said, (answers.get(said) ?? 0) + 1);
      return answer;
    },

    /** One use of an access token. @returns whether it gave access @throws ServiceDied */
    async use(accessToken: string): Promise<boolean> {
      return (await host.credentials.authenticate(accessToken)) !== undefined;
    },

    /** What the expiry timer does for thefts. */
    tellOfThefts: () => host.credentials.tellOfThefts(500),

    record: async (id: GatewayId): Promise<GatewayRecord | undefined> =>
      (await host.gateways.read(id))?.document,

    /** A system with its first gateway, approved by the owner of the organization. */
    async connect(name: string, organization: OrganizationId | undefined) {
      const { accounts, deviceGrants } = host.services;
      const owner = await accountFor(accounts, clock, emailAddress('olga@plant.example'));
      const asked = await deviceGrants.request({ gatewayName: name, source: '192.0.2.1' });
      const system = await deviceGrants.approve(asked.userCode, owner, {
        organization: organization
          ? { kind: 'existing', id: organization }
          : { kind: 'new', name: `Plant of ${name}`, slug: name },
        system: { name, slug: name },
      });
      return { system, issued: await deviceGrants.poll(asked.deviceCode) };
    },

    /** One more gateway of a system, with its first credentials. */
    async addGateway(beside: GatewayRecord, id: GatewayId, name: string) {
      await host.gateways.create({
        id,
        pk: id,
        schemaVersion: 1,
        systemId: beside.systemId,
        organizationId: beside.organizationId,
        name,
        state: 'active',
        generation: 0,
        createdAt: beside.createdAt,
      });
      return host.services.credentials.issueFirst(id);
    },
  };
}

function outcomeOf({ status, text }: HttpAnswer): string {
  if (status === 200) return 'renewed';
  const { error, error_code: code } = z
    .object({ error: z.string().default(`${status}`), error_code: z.string().optional() })
    .parse(JSON.parse(text));
  return code ?? error;
}

export type Service = ReturnType<typeof startService>;
