import { Agent, request } from 'node:http';
import { figure, type BenchResult } from './result.ts';
import { shareUpstream } from './shared-upstream.ts';

const count = 2000;

interface TokenReply {
  readonly refresh_token: string;
}

/** Renewals a second over HTTP, one gateway after the other, everything written before the reply. */
export async function benchRenewals(): Promise<BenchResult[]> {
  const shared = await shareUpstream();
  try {
    await shared.gateway.stop();
    const agent = new Agent({ keepAlive: true });
    const { port, host } = new URL(shared.runtime.origin);
    const renew = (presented: string) =>
      new Promise<TokenReply>((resolve, reject) => {
        const body = new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: presented,
          client_id: 'drawbridge-gateway',
        }).toString();
        const outgoing = request(
          {
            agent,
            host: '127.0.0.1',
            port,
            method: 'POST',
            path: '/oauth/token',
            headers: {
              host,
              'content-type': 'application/x-www-form-urlencoded',
              'content-length': Buffer.byteLength(body),
            },
          },
          (response) => {
            let text = '';
            response.on('data', (chunk: Buffer) => (text += chunk.toString()));
            response.on('end', () => {
              if (response.statusCode === 200) resolve(JSON.parse(text) as TokenReply);
              else reject(new Error(text));
            });
          },
        );
        outgoing.on('error', reject);
        outgoing.end(body);
      });
    let key = (await shared.gateway.credentials()).refreshToken;
    const started = performance.now();
    for (let i = 0; i < count; i++) key = (await renew(key)).refresh_token;
    const seconds = (performance.now() - started) / 1000;
    agent.destroy();
    return [figure('renewals over HTTP, one at a time', '1/s', count / seconds)];
  } finally {
    await shared.close();
  }
}
