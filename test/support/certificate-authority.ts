import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A key and its certificate, both PEM. */
export interface Certified {
  readonly key: string;
  readonly cert: string;
}

export interface CertificateWish {
  /** Host names and IPv4 addresses. */
  readonly names: readonly string[];
  /** Milliseconds since 1970; valid from a day ago for a year unless told. */
  readonly notBefore?: number;
  readonly notAfter?: number;
}

/** A certification authority of the test's own: no browser and no Node trusts it unless told to. */
export interface CertificateAuthority {
  /** PEM. */
  readonly certificate: string;
  issue(wish: CertificateWish): Certified;
}

const day = 24 * 3_600_000;

export function createAuthority(name = 'Test authority'): CertificateAuthority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Date.now();
  const year = { notBefore: now - day, notAfter: now + 365 * day };
  const basicConstraints = extension('2.5.29.19', true, sequence(tlv(0x01, Buffer.from([0xff]))));
  return {
    certificate: certificate(name, name, own.publicKey, own.privateKey, year, [basicConstraints]),
    issue({ names, notBefore = year.notBefore, notAfter = year.notAfter }) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const alternatives = names.map((each) =>
        isIPv4(each) ? tlv(0x87, Buffer.from(each.split('.').map(Number))) : tlv(0x82, Buffer.from(each)),
      );
      return {
        key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        cert: certificate(
          name,
          names[0] ?? 'nobody',
          pair.publicKey,
          own.privateKey,
          { notBefore, notAfter },
          [extension('2.5.29.17', false, sequence(...alternatives))],
        ),
      };
    },
  };
}

/** RFC 5280 section 4.1, in DER, signed with ECDSA and SHA-256. */
function certificate(
  issuer: string,
  subject: string,
  publicKey: KeyObject,
  signingKey: KeyObject,
  { notBefore, notAfter }: { notBefore: number; notAfter: number },
  extensions: readonly Buffer[],
): string {
  const algorithm = sequence(objectId('1.2.840.10045.4.3.2'));
  const body = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    commonName(issuer),
    sequence(time(notBefore), time(notAfter)),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, signingKey);
  const der = sequence(body, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));
const integer = (bytes: Buffer): Buffer => tlv(0x02, bytes);

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [40 * first + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tlv(0x06, Buffer.from(bytes));
}

const commonName = (name: string): Buffer =>
  sequence(tlv(0x31, sequence(objectId('2.5.4.3'), tlv(0x0c, Buffer.from(name)))));

/** UTCTime before 2050, GeneralizedTime from then on (RFC 5280 section 4.1.2.5). */
function time(moment: number): Buffer {
  const text = new Date(moment).toISOString().replace(/[-:T]|\.\d+/g, '');
  return text < '2050' ? tlv(0x17, Buffer.from(text.slice(2))) : tlv(0x18, Buffer.from(text));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectId(id), ...(critical ? [tlv(0x01, Buffer.from([0xff]))] : []), tlv(0x04, value));
}
