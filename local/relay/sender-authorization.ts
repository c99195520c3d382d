import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../shared/clock.ts';
import {
  type SasKeys,
  type SasRight,
  type SasVerdict,
  verifySasToken,
} from '../../shared/tunnel/sas-token.ts';
import type { RelayTarget } from './sender-target.ts';

export interface Authorization {
  readonly verdict: SasVerdict;
  /** Header fields (lower case) that carried the relay's own authorization and go no further. */
  readonly consumed: readonly string[];
}

/**
 * Where the guide looks for a token: `sb-hc-token` in the query, ServiceBusAuthorization, and only if neither is there
 * Authorization, which otherwise is the listener's.
 */
export function authorize(
  request: IncomingMessage,
  target: RelayTarget,
  right: SasRight,
  relay: { keys: SasKeys; clock: Clock },
): Authorization {
  const inQuery = target.parameter('sb-hc-token');
  const inHeader = request.headers['servicebusauthorization'];
  const own = inQuery ?? (typeof inHeader === 'string' ? inHeader : undefined);
  const token = own ?? request.headers.authorization;
  return {
    verdict: verifySasToken(token, { keys: relay.keys, path: target.name, right, clock: relay.clock }),
    consumed: own === undefined ? ['servicebusauthorization', 'authorization'] : ['servicebusauthorization'],
  };
}
