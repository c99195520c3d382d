import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { accountSchema } from '../../../shared/accounts/account.ts';
import { authenticatorsSchema } from '../../../shared/accounts/authenticators.ts';
import { passwordLinkSchema } from '../../../shared/accounts/password-link.ts';
import { providerLinkSchema } from '../../../shared/accounts/provider-link.ts';
import { sessionSchema } from '../../../shared/accounts/session.ts';
import { halfSignInSchema } from '../../../shared/accounts/sign-in-steps.ts';
import { signInChallengeSchema } from '../../../shared/accounts/sign-in.ts';
import { throttleSchema } from '../../../shared/accounts/throttle.ts';
import { auditEntrySchema } from '../../../shared/audit/audit-entry.ts';
import { deviceGrantSchema } from '../../../shared/oauth/device-grant.ts';
import {
  membershipSchema,
  organizationSchema,
  slugReservationSchema,
} from '../../../shared/organizations/organization.ts';
import { packageRoot } from '../../../shared/package-root.ts';
import { allowlistDocumentSchema } from '../../../shared/shares/allowlist-document.ts';
import { refusedCallsSchema } from '../../../shared/shares/refused-calls.ts';
import { usedHandoffSchema } from '../../../shared/shares/share-handoff.ts';
import { secretVersionSchema } from '../../../shared/secrets/rotation-notice.ts';
import { shareSchema } from '../../../shared/shares/share.ts';
import { grantSchema } from '../../../shared/shares/shares.ts';
import { collection, StoredDocumentInvalid } from '../../../shared/store/collection.ts';
import {
  containerNames,
  type ContainerName,
  type Document,
  type DocumentStore,
} from '../../../shared/store/document-store.ts';
import { openSqliteDocumentStore } from '../../../shared/store/sqlite-document-store.ts';
import { gatewayRecordSchema } from '../../../shared/systems/gateway-record.ts';
import { systemSchema } from '../../../shared/systems/system.ts';

/** How each container is read today: its schema, and the `upgrade` of its collection once it has one. */
const readers: Record<ContainerName, z.ZodType<Document>> = {
  accounts: accountSchema,
  authenticators: authenticatorsSchema,
  providerLinks: providerLinkSchema,
  challenges: signInChallengeSchema,
  passwordLinks: passwordLinkSchema,
  halfSignIns: halfSignInSchema,
  sessions: sessionSchema,
  handoffs: usedHandoffSchema,
  organizations: organizationSchema,
  memberships: membershipSchema,
  slugs: slugReservationSchema,
  deviceGrants: deviceGrantSchema,
  systems: systemSchema,
  gateways: gatewayRecordSchema,
  shares: shareSchema,
  allowlists: allowlistDocumentSchema,
  refusedCalls: refusedCallsSchema,
  grants: grantSchema,
  audit: auditEntrySchema,
  throttles: throttleSchema,
  secretVersions: secretVersionSchema,
};

const folder = join(packageRoot, 'test', 'data', 'documents');
const fixtures = readdirSync(folder).map((file) => {
  const [, container = '', version = ''] = /^(\w+)-v(\d+)\.json$/.exec(file) ?? [];
  const document = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Document;
  return { container: container as ContainerName, version: Number(version), document };
});
const newestOf = (container: ContainerName) =>
  fixtures.filter((each) => each.container === container).sort((a, b) => b.version - a.version)[0];

let store: DocumentStore;
let own: string;
beforeEach(() => {
  own = mkdtempSync(join(tmpdir(), 'drawbridge-'));
  store = openSqliteDocumentStore({ file: join(own, 'documents.sqlite') });
});
afterEach(async () => {
  await store.close();
  rmSync(own, { recursive: true });
});

const readBack = async (container: ContainerName, document: Document) => {
  await store.create(container, document);
  const read = await collection(store, container, readers[container]).read(document.pk, document.id);
  return read?.document;
};

it.each(fixtures)('reads $container of version $version, and loses nothing of it', async (fixture) => {
  expect(await readBack(fixture.container, fixture.document)).toEqual(fixture.document);
});

it.each(containerNames)(
  'has a fixture of every version of %s, the one that is written today included',
  (name) => {
    const versions = fixtures.filter(({ container }) => container === name).map(({ version }) => version);
    expect(versions.sort()).toEqual(versions.map((_, n) => n + 1));
    const newest = newestOf(name);
    // Fails once the schema demands another version: then it is time for a fixture of that one, and an upgrade.
    expect(readers[name].safeParse(newest?.document).success).toBe(true);
  },
);

it.each(containerNames)('refuses %s of a version to come, and says that it is the version', async (name) => {
  const newest = newestOf(name);
  const later = Object.assign({}, newest?.document, {
    schemaVersion: (newest?.version ?? 0) + 1,
  }) as Document;
  const refused = readBack(name, later);
  await expect(refused).rejects.toThrow(StoredDocumentInvalid);
  await expect(refused).rejects.toThrow('schemaVersion');
});

it('reads an older document in its new form by the upgrade of its collection', async () => {
  const [old] = fixtures.filter(({ container }) => container === 'systems');
  if (!old) throw new Error('no fixture');
  await store.create('systems', {
    ...old.document,
    schemaVersion: 0,
    called: 'North',
    name: undefined,
  } as Document);
  const systems = collection(store, 'systems', systemSchema, {
    upgrade: (stored) => ('called' in stored ? { ...stored, name: stored.called, schemaVersion: 1 } : stored),
  });
  expect((await systems.read(old.document.pk))?.document.name).toBe('North');
});
