import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Random } from '../../shared/clock.ts';
import type { GatewayStatus } from '../gateway-status.ts';
import type { HttpClient } from '../http-client.ts';
import { consoleAddressFile, consoleKey } from './console-key.ts';

const addressSchema = z.object({ origin: z.url() });

/** What the running gateway says of itself; undefined when none runs with this state folder. */
export async function askRunningGateway(
  stateDir: string,
  http: HttpClient,
  random: Random,
): Promise<GatewayStatus | undefined> {
  try {
    const { origin } = addressSchema.parse(JSON.parse(await readFile(consoleAddressFile(stateDir), 'utf8')));
    const answer = await http.send({
      method: 'GET',
      url: new URL('/api/status', origin),
      headers: { authorization: `Bearer ${await consoleKey(stateDir, random)}` },
      timeout: 3000,
    });
    return answer.status === 200 ? (JSON.parse(answer.text) as GatewayStatus) : undefined;
  } catch {
    // No file, or nobody there: it does not run.
    return undefined;
  }
}
