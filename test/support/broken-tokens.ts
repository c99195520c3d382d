import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import type { Runtime } from '../../local/rehearsal/runtime.ts';
import { openFileSecretStore } from '../../shared/secrets/file-secret-store.ts';
import { systemClock, systemRandom } from '../../shared/system-clock.ts';

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Access tokens as good as a genuine one, each but for one thing (RFC 8725 section 3). */
export async function brokenTokens(runtime: Runtime, genuine: string): Promise<readonly string[]> {
  const header = decodeProtectedHeader(genuine) as { alg: 'HS256'; kid: string; typ: string };
  const claims = decodeJwt(genuine);
  const secretsIn = (folder: string) =>
    openFileSecretStore({ file: join(folder, 'secrets.json'), clock: systemClock, random: systemRandom });
  const elsewhere = await mkdtemp(join(tmpdir(), 'drawbridge-foreign-'));
  try {
    const ours = (await secretsIn(runtime.dataDir).current('token-signing')).value;
    const foreign = (await secretsIn(elsewhere).current('token-signing')).value;
    const signed = (changes: object, key = ours, changedHeader: object = {}) =>
      new SignJWT({ ...claims, ...changes }).setProtectedHeader({ ...header, ...changedHeader }).sign(key);
    const now = Math.floor(systemClock.now() / 1000);
    const [head = '', body = '', signature = ''] = genuine.split('.');
    const turned = (text: string) => (text.startsWith('A') ? `B${text.slice(1)}` : `A${text.slice(1)}`);
    return [
      await signed({ iat: now - 8 * 24 * 3600, exp: now - 24 * 3600 }),
      await signed({}, foreign),
      await signed({}, ours, { typ: 'handoff+jwt' }),
      await signed({ aud: 'https://another.example' }),
      await signed({ iss: 'https://another.example' }),
      await signed({ sub: `sys-${'2'.repeat(26)}` }),
      `${part({ alg: 'none', typ: header.typ })}.${body}.`,
      `${head}.${body}.${turned(signature)}`,
      `${head}.${body}.`,
      'garbled',
    ];
  } finally {
    await rm(elsewhere, { recursive: true, force: true });
  }
}
