import { connect } from 'node:net';
import { second, type Clock } from '../../shared/clock.ts';

const kept = 5 * second;
/** Shorter than the service waits for an answer to this question. */
const patience = 1.5 * second;

/** Can the on-prem application be connected to just now? It is tried at most every 5 seconds, and sent nothing. */
export function createApplicationReach(address: URL, clock: Clock): () => Promise<boolean> {
  let known: { readonly at: number; readonly reached: Promise<boolean> } | undefined;
  return () => {
    const now = clock.now();
    if (known === undefined || Math.abs(now - known.at) >= kept) known = { at: now, reached: reach(address) };
    return known.reached;
  };
}

function reach(address: URL): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({
    host: address.hostname.replace(/^\[|\]$/g, ''),
    port: Number(address.port || (address.protocol === 'https:' ? 443 : 80)),
  });
  const limit = setTimeout(() => resolve(false), patience);
  socket.once('connect', () => resolve(true));
  socket.on('error', () => resolve(false));
  return promise.finally(() => {
    clearTimeout(limit);
    socket.destroy();
  });
}
