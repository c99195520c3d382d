import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { figure, percentile, type BenchResult } from './result.ts';
import { shareUpstream } from './shared-upstream.ts';

const rounds = 7;

/** From the sharer's command to the guest's first byte, and from the revocation's reply to the last byte of a stream. */
export async function benchShare(): Promise<BenchResult[]> {
  const shared = await shareUpstream();
  try {
    await shared.guest.signIn();
    const live: number[] = [];
    const revoked: number[] = [];
    const late: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const started = performance.now();
      const share = await shared.share();
      const page = await shared.guest.open(`/invitations/${share.id}`);
      if (page.status !== 200) throw new Error(`the link gave ${page.status}`);
      live.push(performance.now() - started);

      const { host, port } = new URL(share.url);
      const cookie = [...shared.guest.cookies(host)].map(([name, value]) => `${name}=${value}`).join('; ');
      const request = get({ host: '127.0.0.1', port, path: '/stream', headers: { host, cookie } });
      request.on('error', () => {});
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      let last = 0;
      response.on('data', () => (last = performance.now()));
      response.on('error', () => {});
      await once(response, 'data');
      const cut = new Promise((resolve) => response.once('close', resolve));
      const { accessToken } = await shared.gateway.credentials();
      const deleted = await fetch(`${shared.runtime.origin}/api/shares/${share.id}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${accessToken}` },
      });
      if (deleted.status !== 204) throw new Error(`delete gave ${deleted.status}`);
      const replied = performance.now();
      await cut;
      revoked.push(Math.max(0, last - replied));
      late.push(Math.max(0, performance.now() - replied));
    }
    return [
      figure('share command, with inference from HAR, to link live', 'ms', percentile(live, 0.5), undefined, {
        bound: 'at most',
        value: 1000,
      }),
      figure('revoke reply to last byte of a stream, worst', 'ms', Math.max(...revoked), undefined, {
        bound: 'at most',
        value: 1000,
      }),
      figure('revoke reply to stream closed, worst', 'ms', Math.max(...late), undefined, {
        bound: 'at most',
        value: 1000,
      }),
    ];
  } finally {
    await shared.close();
  }
}
