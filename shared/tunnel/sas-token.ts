import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';

export type SasRight = 'Listen' | 'Send' | 'Manage';

/** The shared access policies of one relay namespace: key name to key and rights. Manage includes the other two. */
export type SasKeys = Readonly<
  Record<string, { readonly key: string; readonly rights: readonly SasRight[] }>
>;

export type SasRefusal =
  'missing' | 'malformed' | 'unknown key' | 'bad signature' | 'expired' | 'wrong resource' | 'missing right';

export type SasVerdict =
  | { readonly ok: true; readonly keyName: string; readonly expiresAt: number }
  | { readonly ok: false; readonly status: 401 | 403; readonly reason: SasRefusal };

const longestToken = 4096;

/**
 * A Service Bus shared access signature for `resource` and everything below it.
 *
 * @param resource such as `http://contoso.servicebus.windows.net/hyco`; the port does not count
 * @param expiresAt milliseconds since 1970; rounded down to the second
 */
export function createSasToken(grant: {
  resource: string;
  keyName: string;
  key: string;
  expiresAt: number;
}): string {
  const resource = encodeURIComponent(grant.resource);
  const expiry = String(Math.floor(grant.expiresAt / 1000));
  const signature = encodeURIComponent(sign(grant.key, resource, expiry));
  return `SharedAccessSignature sr=${resource}&sig=${signature}&se=${expiry}&skn=${encodeURIComponent(grant.keyName)}`;
}

/**
 * Checks a token for one right on one path. A token that is missing, malformed, forged or expired is a 401; a good one
 * for another path or without the right is a 403, as the protocol guide has it. The host in the token is not compared:
 * the keys belong to one namespace, which may be reached under several names.
 *
 * @param path of the hybrid connection, such as `hyco`
 */
export function verifySasToken(
  token: string | undefined,
  wanted: { keys: SasKeys; path: string; right: SasRight; clock: Clock },
): SasVerdict {
  if (token === undefined || token === '') return { ok: false, status: 401, reason: 'missing' };
  const fields = parse(token);
  if (fields === undefined) return { ok: false, status: 401, reason: 'malformed' };
  const policy = Object.hasOwn(wanted.keys, fields.keyName) ? wanted.keys[fields.keyName] : undefined;
  if (policy === undefined) return { ok: false, status: 401, reason: 'unknown key' };
  if (!same(sign(policy.key, fields.rawResource, fields.expiry), fields.signature)) {
    return { ok: false, status: 401, reason: 'bad signature' };
  }
  const expiresAt = Number(fields.expiry) * 1000;
  if (wanted.clock.now() >= expiresAt) return { ok: false, status: 401, reason: 'expired' };
  if (!covers(fields.resource, wanted.path)) return { ok: false, status: 403, reason: 'wrong resource' };
  if (!policy.rights.includes(wanted.right) && !policy.rights.includes('Manage')) {
    return { ok: false, status: 403, reason: 'missing right' };
  }
  return { ok: true, keyName: fields.keyName, expiresAt };
}

function sign(key: string, encodedResource: string, expiry: string): string {
  return createHmac('sha256', key).update(`${encodedResource}\n${expiry}`).digest('base64');
}

function same(expected: string, given: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(given);
  return a.length === b.length && timingSafeEqual(a, b);
}

interface SasFields {
  /** As it stands in the token: the signature covers this text, whatever the case of its escapes. */
  rawResource: string;
  resource: string;
  signature: string;
  expiry: string;
  keyName: string;
}

function parse(token: string): SasFields | undefined {
  const match = /^SharedAccessSignature ([^\s]+)$/i.exec(token);
  if (match?.[1] === undefined || token.length > longestToken) return undefined;
  const raw = new Map<string, string>();
  for (const pair of match[1].split('&')) {
    const equals = pair.indexOf('=');
    if (equals < 1 || raw.has(pair.slice(0, equals))) return undefined;
    raw.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  const rawResource = raw.get('sr');
  const resource = decoded(rawResource);
  const signature = decoded(raw.get('sig'));
  const expiry = decoded(raw.get('se'));
  const keyName = decoded(raw.get('skn'));
  if (rawResource === undefined || !resource || !signature || !keyName) return undefined;
  if (expiry === undefined || !/^\d{1,12}$/.test(expiry)) return undefined;
  return { rawResource, resource, signature, expiry, keyName };
}

function decoded(value: string | undefined): string | undefined {
  try {
    return value === undefined ? undefined : decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** True when `path` is the resource's path or lies below it, compared by whole segments, in any case. */
function covers(resource: string, path: string): boolean {
  if (!URL.canParse(resource)) return false;
  const granted = segments(new URL(resource).pathname);
  const asked = segments(path);
  return granted.every((segment, index) => segment === asked[index]);
}

const segments = (path: string): string[] =>
  path
    .toLowerCase()
    .split('/')
    .filter((segment) => segment !== '');
