import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Random } from '../../shared/clock.ts';
import type { GatewayStatus } from '../gateway-status.ts';
import type { HttpClient } from '../http-client.ts';
import { consoleAddressFile, consoleKey } from './console-key.ts';

const addressSchema = z.object({ origin: z.url() });
const linkSchema = z.object({ path: z.string() });

/** Asks the local API of the running gateway; undefined when none runs with this state folder. */
async function ask(
  [method, path]: readonly ['GET' | 'POST', string],
  stateDir: string,
  http: HttpClient,
  random: Random,
): Promise<{ origin: string; body: unknown } | undefined> {
  try {
    const { origin } = addressSchema.parse(JSON.parse(await readFile(consoleAddressFile(stateDir), 'utf8')));
    const answer = await http.send({
      method,
      url: new URL(path, origin),
      headers: { authorization: `Bearer ${await consoleKey(stateDir, random)}` },
      timeout: 3000,
    });
    return answer.status < 300 ? { origin, body: JSON.parse(answer.text) } : undefined;
  } catch {
    // No file, or nobody there: it does not run.
    return undefined;
  }
}

/** What the running gateway says of itself; undefined when none runs with this state folder. */
export async function askRunningGateway(
  stateDir: string,
  http: HttpClient,
  random: Random,
): Promise<GatewayStatus | undefined> {
  const answer = await ask(['GET', '/api/status'], stateDir, http, random);
  return answer?.body as GatewayStatus | undefined;
}

/** A link that opens the running gateway's console once; undefined when none runs with this state folder. */
export async function consoleLink(
  stateDir: string,
  http: HttpClient,
  random: Random,
): Promise<string | undefined> {
  const answer = await ask(['POST', '/api/console-link'], stateDir, http, random);
  return answer && new URL(linkSchema.parse(answer.body).path, answer.origin).href;
}
