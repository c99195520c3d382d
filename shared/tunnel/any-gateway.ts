import { setTimeout } from 'node:timers/promises';
import { TunnelError, type RelaySender, type TunnelAnswer, type TunnelRequest } from './relay-sender.ts';

/** Milliseconds before each further attempt; the relay picks a listener at random each time. */
const pauses = [0, 20, 50, 100, 200, 400];

/** A gateway that has not touched the request: it ends, or has not heard of the share yet. Another one may serve it. */
const untouched: ReadonlySet<unknown> = new Set(['draining', 'unknown-share']);

/** RFC 9110 section 9.2.2. */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/**
 * Sends a request to whichever gateway of a system can serve it. What no gateway has touched is sent again; what may
 * have reached one that went away, only if the method is idempotent.
 * @throws TunnelError, or the signal's reason
 */
export async function sendToAnyGateway(
  sender: Pick<RelaySender, 'send'>,
  request: TunnelRequest & { readonly body?: Uint8Array },
): Promise<TunnelAnswer> {
  for (let attempt = 0; ; attempt++) {
    const pause = pauses[attempt];
    try {
      // A connection may be tied to the gateway that served it last.
      const answer = await sender.send({ ...request, fresh: attempt > 0 });
      if (pause === undefined || !untouched.has(answer.headers['drawbridge-problem'])) return answer;
      answer.body.destroy();
    } catch (error) {
      const lost = error instanceof TunnelError && (error.code === 'no-listener' || error.code === 'broken');
      if (pause === undefined || !lost || !idempotent.has(request.method)) throw error;
    }
    await setTimeout(pause, undefined, request.signal ? { signal: request.signal } : {});
    request.signal?.throwIfAborted();
  }
}
