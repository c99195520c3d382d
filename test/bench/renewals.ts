import { Agent } from 'node:http';
import { oidcPeerName, startOidcPeer } from './oidc-peer/oidc-peer.ts';
import { figure, percentile, type BenchResult } from './result.ts';
import { shareUpstream } from './shared-upstream.ts';
import { renewOnce, type TokenEndpoint } from './token-endpoint.ts';

const rounds = 10;
const renewalsARound = 200;

/** One gateway that renews again and again; everything is on disk before the reply. */
class Renewing {
  readonly rates: number[] = [];
  readonly #endpoint: TokenEndpoint;
  #refreshToken: string;

  constructor(endpoint: TokenEndpoint, refreshToken: string) {
    this.#endpoint = endpoint;
    this.#refreshToken = refreshToken;
  }

  async round(): Promise<void> {
    const started = performance.now();
    for (let i = 0; i < renewalsARound; i++) {
      this.#refreshToken = await renewOnce(this.#endpoint, this.#refreshToken);
    }
    this.rates.push(renewalsARound / ((performance.now() - started) / 1000));
  }

  /** A second, without the first round, in which programs warm up. */
  get rate(): number {
    return percentile(this.rates.slice(1), 0.5);
  }
}

/** Renewals a second over HTTP, ours and `oidc-provider` on SQLite as durable as ours, in turn in one run. */
export async function benchRenewals(): Promise<BenchResult[]> {
  const shared = await shareUpstream();
  const peer = await startOidcPeer(1);
  const agent = new Agent({ keepAlive: true });
  try {
    await shared.gateway.stop();
    const { port, host } = new URL(shared.runtime.origin);
    const { refreshToken } = await shared.gateway.credentials();
    const ours = new Renewing({ agent, port: Number(port), host, path: '/oauth/token' }, refreshToken);
    const theirs = new Renewing({ agent, port: peer.port, path: '/token' }, peer.refreshTokens[0] ?? '');
    for (let round = 0; round <= rounds; round++) {
      await ours.round();
      await theirs.round();
    }
    return [
      figure('renewals over HTTP, one at a time', '1/s', ours.rate, {
        name: oidcPeerName,
        value: theirs.rate,
      }),
    ];
  } finally {
    agent.destroy();
    await peer.close();
    await shared.close();
  }
}
