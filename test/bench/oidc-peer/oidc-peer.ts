import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

export interface OidcPeer {
  readonly port: number;
  /** One for each gateway. */
  readonly refreshTokens: readonly string[];
  close(): Promise<void>;
}

export const oidcPeerName = 'oidc-provider';

const readySchema = z.object({ port: z.number(), refreshTokens: z.array(z.string()) });

/** The real `oidc-provider` on SQLite, over HTTP on this machine. */
export async function startOidcPeer(gateways: number): Promise<OidcPeer> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-oidc-peer-'));
  const child = fork(join(import.meta.dirname, 'program.js'), [folder, String(gateways)], {
    // It warns that its development keys are not for production.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const [ready] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`The peer ended with ${String(code)}.`))),
  ])) as [unknown];
  return {
    ...readySchema.parse(ready),
    async close() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
