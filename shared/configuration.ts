import { z } from 'zod';
import type { TelemetrySettings } from './telemetry/open-telemetry.ts';
import type { IdentityProviderSettings } from './accounts/identity-provider.ts';

const origin = z
  .url({ protocol: /^https?$/ })
  .transform((text) => new URL(text).origin)
  .describe('An http(s) origin without a path');

/** Cookies marked Secure, and tokens, travel unencrypted on no network (RFC 6749 section 1.6). */
const loopbackOrigin = /^https?:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/;

const environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(7071),
  DATA_DIR: z.string().min(1).default('.data'),
  PUBLIC_ORIGIN: origin.optional(),
  SHARE_DOMAIN: z
    .string()
    .regex(/^[a-z0-9.-]+(:\d+)?$/, 'a host name, with a port where it is not the usual one')
    .optional(),
  RELAY_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  RELAY_RESOURCE_ID: z
    .string()
    .regex(
      /^\/subscriptions\/[\w-]+\/resourceGroups\/[\w.()-]+\/providers\/Microsoft\.Relay\/namespaces\/[\w-]+$/i,
    )
    .optional(),
  COMMUNICATION_ENDPOINT: z
    .url({ protocol: /^https$/ })
    .transform((text) => new URL(text).origin)
    .optional(),
  SMS_FROM: z
    .string()
    .regex(/^\+[1-9]\d{6,14}$|^[A-Za-z0-9]{1,11}$/, 'a number such as +49301234567, a short code, or a name')
    .optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  AUDIT_RETENTION_DAYS: z.coerce.number().int().min(1).max(36_500).default(400),
  MAIL_FROM: z.string().min(3).default('Drawbridge <no-reply@drawbridge.localhost>'),
  TERMS_URL: z.url({ protocol: /^https?$/ }).optional(),
  OIDC_ISSUER: z.url({ protocol: /^https?$/ }).optional(),
  OIDC_CLIENT_ID: z.string().min(1).optional(),
  OIDC_CLIENT_SECRET: z.string().min(1).optional(),
  OIDC_NAME: z.string().trim().min(1).max(40).optional(),
  KEY_VAULT_URL: z
    .url({ protocol: /^https$/ })
    .transform((text) => new URL(text).origin)
    .optional(),
  COSMOS_ENDPOINT: z
    .url({ protocol: /^https$/ })
    .transform((text) => new URL(text).origin)
    .optional(),
  COSMOS_DATABASE: z.string().min(1).max(255).default('drawbridge'),
  COSMOS_KEY: z.base64().optional(),
  BACKUP_CONTAINER_URL: z.url({ protocol: /^https$/ }).optional(),
  AZURE_CLIENT_ID: z.guid().optional(),
  WEB_PUBSUB_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .transform((text) => new URL(text).origin)
    .refine(
      (text) => text.startsWith('https:') || loopbackOrigin.test(text),
      'http is for this machine only; use https.',
    )
    .optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  APPLICATIONINSIGHTS_CONNECTION_STRING: z
    .string()
    .regex(/InstrumentationKey=/)
    .optional(),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  FRONT_DOOR_ID: z.guid().toLowerCase().optional(),
});

/** @throws Error unless the settings belong together */
function identityProviderOf(data: z.infer<typeof environment>): IdentityProviderSettings | undefined {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret } = data;
  if (issuer === undefined && clientId === undefined && clientSecret === undefined) return undefined;
  if (issuer === undefined || clientId === undefined) {
    throw new Error('OIDC_ISSUER and OIDC_CLIENT_ID: give both, or neither.');
  }
  const { protocol, origin: own, host, search, hash, username } = new URL(issuer);
  if (search !== '' || hash !== '' || username !== '') {
    throw new Error('OIDC_ISSUER: without user, query and fragment (OpenID Connect Discovery section 3).');
  }
  if (protocol === 'http:' && !loopbackOrigin.test(own)) {
    throw new Error('OIDC_ISSUER: http is for this machine only; use https.');
  }
  return { issuer, clientId, clientSecret, name: data.OIDC_NAME ?? host };
}

function telemetryOf(data: z.infer<typeof environment>): TelemetrySettings | undefined {
  const {
    OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint,
    APPLICATIONINSIGHTS_CONNECTION_STRING: connectionString,
    OTEL_TRACES_SAMPLER_ARG: ratio,
  } = data;
  if (otlpEndpoint === undefined && connectionString === undefined) return undefined;
  return { otlpEndpoint, connectionString, clientId: data.AZURE_CLIENT_ID, ratio };
}

export interface Configuration {
  /** Port of the one-machine runtime; 0 takes any free one. */
  readonly port: number;
  /** Folder of the embedded store, secrets, mailbox and backups. */
  readonly dataDir: string;
  /** Origin of the portal and the API, and the OAuth issuer. */
  readonly publicOrigin: string;
  /** Host (and port) below which every share has its own origin. */
  readonly shareDomain: string;
  /** Where the tunnel function sends requests: the relay. */
  readonly relayEndpoint: string;
  /** It is Azure's, to which the managed identity sends. */
  readonly relayInAzure: boolean;
  /** Of the relay namespace in Azure Resource Manager, where a hybrid connection is made for each system. */
  readonly relayResourceId: string | undefined;
  /** Communication Services, by which e-mail (unless SMTP is set) and SMS are sent. */
  readonly communicationEndpoint: string | undefined;
  /** From which SMS are sent; none are without it. */
  readonly smsFrom: string | undefined;
  readonly smtpUrl: string | undefined;
  readonly mailFrom: string;
  /** How many days audit entries are kept. */
  readonly auditRetentionDays: number;
  readonly termsUrl: string | undefined;
  /** An OpenID provider at which people can sign in. */
  readonly identityProvider: IdentityProviderSettings | undefined;
  /** Origin of the Key Vault that holds the secrets. */
  readonly keyVaultUrl: string | undefined;
  /** The Cosmos DB account that holds the documents. */
  readonly cosmos:
    { readonly endpoint: string; readonly database: string; readonly key: string | undefined } | undefined;
  /** The container of Blob Storage that backups go to. */
  readonly backupContainerUrl: string | undefined;
  /** Azure Web PubSub, or the hub of the one-machine runtime, by which gateways are woken. */
  readonly webPubSubEndpoint: string | undefined;
  /** Where traces and metrics go, if anywhere. */
  readonly telemetry: TelemetrySettings | undefined;
  /** Client id of the user-assigned managed identity; the system-assigned one without it. */
  readonly azureClientId: string | undefined;
  /** Id of the Azure Front Door through which alone requests may come; the service is reached directly without one. */
  readonly frontDoorId: string | undefined;
}

/**
 * Reads the settings; the README has the same names in its table.
 * @throws Error that names each setting that is wrong
 */
export function readConfiguration(settings: Readonly<Record<string, string | undefined>>): Configuration {
  const known = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ''));
  const result = environment.safeParse(known);
  if (!result.success) {
    const wrong = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`These settings are not usable:\n  ${wrong.join('\n  ')}`);
  }
  const { data } = result;
  const publicOrigin = data.PUBLIC_ORIGIN ?? `http://localhost:${data.PORT}`;
  if (publicOrigin.startsWith('http:') && !loopbackOrigin.test(publicOrigin)) {
    throw new Error('PUBLIC_ORIGIN: http is for this machine only; use https.');
  }
  if (data.COSMOS_KEY !== undefined && !loopbackOrigin.test(data.COSMOS_ENDPOINT ?? '')) {
    throw new Error(
      'COSMOS_KEY: keys are for an emulator on this machine only; in Azure the managed identity signs in.',
    );
  }
  const relayEndpoint = data.RELAY_ENDPOINT ?? `http://127.0.0.1:${data.PORT + 1}`;
  const relayInAzure = new URL(relayEndpoint).hostname.endsWith('.servicebus.windows.net');
  if (relayInAzure && !relayEndpoint.startsWith('https:')) {
    throw new Error('RELAY_ENDPOINT: Azure Relay is reached by https.');
  }
  return {
    port: data.PORT,
    dataDir: data.DATA_DIR,
    publicOrigin,
    shareDomain: data.SHARE_DOMAIN ?? `localhost:${data.PORT}`,
    relayEndpoint,
    relayInAzure,
    relayResourceId: data.RELAY_RESOURCE_ID,
    communicationEndpoint: data.COMMUNICATION_ENDPOINT,
    smsFrom: data.SMS_FROM,
    smtpUrl: data.SMTP_URL,
    mailFrom: data.MAIL_FROM,
    auditRetentionDays: data.AUDIT_RETENTION_DAYS,
    termsUrl: data.TERMS_URL,
    identityProvider: identityProviderOf(data),
    keyVaultUrl: data.KEY_VAULT_URL,
    cosmos: data.COSMOS_ENDPOINT
      ? { endpoint: data.COSMOS_ENDPOINT, database: data.COSMOS_DATABASE, key: data.COSMOS_KEY }
      : undefined,
    backupContainerUrl: data.BACKUP_CONTAINER_URL,
    telemetry: telemetryOf(data),
    webPubSubEndpoint: data.WEB_PUBSUB_ENDPOINT,
    azureClientId: data.AZURE_CLIENT_ID,
    frontDoorId: data.FRONT_DOOR_ID,
  };
}
