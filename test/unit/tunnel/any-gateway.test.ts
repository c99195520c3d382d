import { Readable } from 'node:stream';
import { sendToAnyGateway } from '../../../shared/tunnel/any-gateway.ts';
import { TunnelError, type TunnelAnswer, type TunnelErrorCode } from '../../../shared/tunnel/relay-sender.ts';

type Outcome = { problem: string } | { error: TunnelErrorCode } | 'served';

/** What the relay brings back, attempt by attempt. */
async function send(method: string, ...outcomes: Outcome[]) {
  let attempts = 0;
  const fresh: unknown[] = [];
  const answer = (headers: TunnelAnswer['headers']): TunnelAnswer => ({
    status: 'drawbridge-problem' in headers ? 503 : 200,
    headers,
    body: Readable.from([]),
    fromListener: true,
  });
  const sender = {
    send: async (request: { fresh?: boolean }): Promise<TunnelAnswer> => {
      const outcome = outcomes[Math.min(attempts++, outcomes.length - 1)] ?? 'served';
      fresh.push(request.fresh);
      if (outcome === 'served') return answer({});
      if ('error' in outcome) throw new TunnelError(outcome.error, 'gone');
      return answer({ 'drawbridge-problem': outcome.problem });
    },
  };
  const request = { connection: 'sys-1', target: '/', method, headers: {} };
  const { status } = await sendToAnyGateway(sender, request).catch((error: unknown) => {
    if (!(error instanceof TunnelError)) throw error;
    return { status: error.code };
  });
  return { status, attempts, fresh };
}

describe('a request to a system with several gateways', () => {
  it.each(['draining', 'unknown-share'])(
    'that one did not touch (%s) goes to another, whatever its method',
    async (problem) => {
      for (const method of ['GET', 'POST', 'PATCH']) {
        expect(await send(method, { problem }, { problem }, 'served')).toMatchObject({
          status: 200,
          attempts: 3,
        });
      }
    },
  );

  it.each<TunnelErrorCode>(['no-listener', 'broken'])(
    'whose gateway went away (%s) is sent again if it is idempotent (RFC 9110 section 9.2.2), and else not',
    async (error) => {
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
        expect(await send(method, { error }, 'served')).toMatchObject({ status: 200, attempts: 2 });
      for (const method of ['POST', 'PATCH'])
        expect(await send(method, { error }, 'served')).toMatchObject({ status: error, attempts: 1 });
    },
  );

  it.each<TunnelErrorCode>(['timeout', 'refused'])('is not repeated after %s', async (error) => {
    expect(await send('GET', { error }, 'served')).toMatchObject({ status: error, attempts: 1 });
  });

  it('is served at once by one that can, and not repeated for what is wrong behind it', async () => {
    expect(await send('GET', 'served')).toEqual({ status: 200, attempts: 1, fresh: [false] });
    expect(await send('GET', { problem: 'upstream-unreachable' })).toMatchObject({
      status: 503,
      attempts: 1,
    });
  });

  it('is given up after seven attempts, each but the first over a connection tied to no gateway', async () => {
    const { status, attempts, fresh } = await send('GET', { problem: 'unknown-share' });
    expect([status, attempts]).toEqual([503, 7]);
    expect(fresh).toEqual([false, true, true, true, true, true, true]);
  });
});
