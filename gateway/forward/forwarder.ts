import type { Readable } from 'node:stream';
import { compileAllowlist, type CompiledAllowlist } from '../../shared/allowlist/compile.ts';
import { decide } from '../../shared/allowlist/decide.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { OnPremAdapter } from '../adapters/on-prem-adapter.ts';
import { networkWords } from '../http-client.ts';
import type { Seal } from '../shares/seal.ts';
import type { ShareRecords } from '../shares/share-records.ts';
import type { RelayedRequest, RelayedResponse } from '../tunnel/listener.ts';
import { guardedHeaders } from './response-guard.ts';
import type { Upstream } from './upstream.ts';
import type { Watchers } from './watchers.ts';

export interface ForwarderParts {
  readonly records: ShareRecords;
  readonly adapter: OnPremAdapter;
  readonly seal: Seal;
  readonly upstream: Upstream;
  readonly upstreamAddress: URL;
  readonly watchers: Watchers;
  readonly clock: Clock;
  readonly log: Log;
}

interface ReadyShare {
  readonly version: string;
  readonly allowlist: CompiledAllowlist;
  readonly credentials: Readonly<Record<string, string>>;
}

const mostBodyBytes = 1_048_576;
const mostReady = 200;

/** Headers of a viewer that an on-prem application may need; the service sends no others either. */
const inward = [
  'accept',
  'accept-language',
  'cache-control',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'last-event-id',
  'range',
];

const problem = (status: number, what: string): RelayedResponse => ({
  status,
  headers: { 'drawbridge-problem': what },
});

async function readBody(body: Readable): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Printable ASCII without control characters, at most one kilobyte: fit for a header. */
const headerText = (text: string) => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 1000);

/**
 * Answers what comes through the tunnel. The on-prem side has the last word: whatever the cloud let through is
 * judged again here, and the application only ever sees a request that was written anew from what was judged.
 */
export function createForwarder(parts: ForwarderParts) {
  const { records, adapter, seal, upstream, upstreamAddress, watchers, clock, log } = parts;
  const ready = new Map<string, ReadyShare>();

  async function readyShare(id: string): Promise<ReadyShare | undefined> {
    const version = await records.version(id);
    if (version === undefined) {
      ready.delete(id);
      return undefined;
    }
    const known = ready.get(id);
    if (known?.version === version) return known;
    const record = await records.read(id);
    if (record?.state !== 'active') return undefined;
    const { serviceUser } = record;
    const share: ReadyShare = {
      version,
      allowlist: compileAllowlist(record.allowlist),
      credentials: serviceUser
        ? adapter.authenticate({
            name: serviceUser.name,
            password: await seal.open(serviceUser.sealedPassword, serviceUser.name),
          })
        : {},
    };
    if (ready.size >= mostReady) ready.clear();
    ready.set(id, share);
    return share;
  }

  return async function forward(request: RelayedRequest): Promise<RelayedResponse> {
    const [, shareId = '', target = ''] = /^\/([a-z0-9-]{1,64})(\/.*)$/s.exec(request.target) ?? [];
    const share = await readyShare(shareId);
    if (!share) return problem(404, 'unknown-share');
    const body = await readBody(request.body);
    if (body === undefined) return problem(503, 'body-too-large');

    const decision = decide(
      share.allowlist,
      { method: request.method, target, contentType: request.headers['content-type'], headers: {}, body },
      clock.now(),
    );
    if (!decision.admitted) {
      const { code, difference, nearestRule } = decision.refusal;
      log.info('request refused', { shareId, code });
      return {
        status: 403,
        headers: { 'drawbridge-refusal': headerText(JSON.stringify({ code, nearestRule, difference })) },
      };
    }

    const { call } = decision;
    const over = watchers.note(shareId, request.headers['drawbridge-recipient'] ?? 'unknown');
    try {
      const kept = inward.flatMap((name) => {
        const value = request.headers[name];
        return value === undefined ? [] : [[name, value] as const];
      });
      const answer = await upstream.call({
        method: call.method,
        target: call.target,
        headers: {
          ...Object.fromEntries(kept),
          ...(call.contentType !== undefined && { 'content-type': call.contentType }),
          ...share.credentials,
        },
        body: call.body,
        signal: request.signal,
      });
      answer.once('close', over);
      const headers = guardedHeaders(answer.headers, upstreamAddress);
      const status = answer.statusCode ?? 503;
      if (headers === undefined) {
        answer.destroy();
        log.warn('redirect to another host not passed on', { shareId });
        return problem(503, 'redirect-elsewhere');
      }
      // The relay keeps these two for itself.
      const told = status === 502 || status === 504 ? 503 : status;
      return { status: told, headers, body: answer };
    } catch (error) {
      over();
      if (request.signal.aborted) throw error;
      log.warn('application not reached', { shareId, why: networkWords(error) });
      return problem(503, 'upstream-unreachable');
    }
  };
}
