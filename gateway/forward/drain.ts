import type { RelayedRequest, RelayedResponse } from '../tunnel/listener.ts';

type Forward = (request: RelayedRequest) => Promise<RelayedResponse>;

/** Lets a gateway end without failing anybody: what is under way ends, what comes now goes to another gateway. */
export function createDrain(forward: Forward): { forward: Forward; begin(): void } {
  let draining = false;
  return {
    forward: async (request) =>
      draining ? { status: 503, headers: { 'drawbridge-problem': 'draining' } } : forward(request),
    begin() {
      draining = true;
    },
  };
}
