import type { Readable } from 'node:stream';
import { compileAllowlist, type CompiledAllowlist } from '../../shared/allowlist/compile.ts';
import { decide, type Refusal } from '../../shared/allowlist/decide.ts';
import { isShareId } from '../../shared/identifier.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { formatTraceparent, parseTraceparent } from '../../shared/telemetry/trace-context.ts';
import { inwardNames } from '../../shared/tunnel/viewer-headers.ts';
import type { OnPremAdapter } from '../adapters/on-prem-adapter.ts';
import { wordsOf } from '../gateway-error.ts';
import { networkWords } from '../network-words.ts';
import type { Seal } from '../shares/seal.ts';
import type { ShareRecords } from '../shares/share-records.ts';
import { FailureLog } from '../tunnel/failure-log.ts';
import type { RelayedRequest, RelayedResponse } from '../tunnel/listener.ts';
import { guardedHeaders } from './response-guard.ts';
import { UpstreamSilent, type Upstream } from './upstream.ts';
import type { Watchers } from './watchers.ts';

const traceIdOf = ({ headers }: RelayedRequest) => parseTraceparent(headers.traceparent)?.traceId;

export interface ForwarderParts {
  readonly records: ShareRecords;
  readonly adapter: OnPremAdapter;
  readonly seal: Seal;
  readonly upstream: Upstream;
  readonly upstreamAddress: URL;
  readonly applicationReached: () => Promise<boolean>;
  readonly watchers: Watchers;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of a share that this gateway does not know; another one may have made it just now. */
  readonly onUnknownShare?: () => void;
}

interface ReadyShare {
  readonly version: string;
  readonly allowlist: CompiledAllowlist;
  readonly credentials: Readonly<Record<string, string>>;
}

const mostBodyBytes = 1_048_576;
const mostReady = 200;

const problem = (status: number, what: string): RelayedResponse => ({
  status,
  headers: { 'drawbridge-problem': what },
});

/** No share has this id: under it the service asks how we are. */
const presenceShare = 'presence';
const presence = (reached: boolean): RelayedResponse => ({
  status: 200,
  headers: { 'drawbridge-application': reached ? 'reached' : 'unreachable' },
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

/**
 * Why a request was refused, for the owner: JSON in printable ASCII, below one kilobyte, so that it fits a header.
 */
export function refusalHeader({ code, nearestRule, difference }: Refusal): string {
  for (let length = difference.length; ; length = Math.floor(length / 2)) {
    const text = JSON.stringify({ code, nearestRule, difference: difference.slice(0, length) });
    const ascii = text.replace(
      /[^\x20-\x7e]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    if (ascii.length <= 1000) return ascii;
  }
}

/**
 * Answers what comes through the tunnel. The on-prem side has the last word: whatever the cloud let through is
 * judged again here, and the application only ever sees a request that was written anew from what was judged.
 */
export function createForwarder(parts: ForwarderParts) {
  const { records, adapter, seal, upstream, upstreamAddress, watchers, clock, log } = parts;
  const ready = new Map<string, ReadyShare>();
  // Dashboards poll: an application that is down is said once, and counted.
  const failures = new FailureLog(log, 'application');
  let down = false;

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
    if (shareId === presenceShare) return presence(await parts.applicationReached());
    let share: ReadyShare | undefined;
    try {
      share = await readyShare(shareId);
    } catch (error) {
      log.error('share not usable', { shareId, why: wordsOf(error), traceId: traceIdOf(request) });
      return problem(503, 'share-unusable');
    }
    if (!share) {
      if (isShareId(shareId)) parts.onUnknownShare?.();
      return problem(404, 'unknown-share');
    }
    const body = await readBody(request.body);
    if (body === undefined) return problem(413, 'body-too-large');

    const contentType = request.headers['content-type'];
    // No headers: those that came are the tunnel's own, and none but `inwardNames` goes any further.
    const decision = decide(
      share.allowlist,
      { method: request.method, target, contentType, headers: {}, body },
      clock.now(),
    );
    if (!decision.admitted) {
      log.info('request refused', { shareId, code: decision.refusal.code, traceId: traceIdOf(request) });
      return {
        status: 403,
        headers: { 'drawbridge-refusal': refusalHeader(decision.refusal) },
      };
    }

    const { call } = decision;
    const trace = parseTraceparent(request.headers.traceparent);
    const over = watchers.note(shareId, request.headers['drawbridge-recipient'] ?? 'unknown');
    try {
      const kept = [...inwardNames].flatMap((name) => {
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
          // W3C Trace Context: the application may write the id of the viewer's request into its log.
          ...(trace && { traceparent: formatTraceparent(trace) }),
        },
        body: call.body,
        signal: request.signal,
      });
      answer.once('close', over);
      if (down) failures.recovered();
      down = false;
      const headers = guardedHeaders(answer.headers, new URL(call.target, upstreamAddress));
      const status = answer.statusCode ?? 0;
      if (headers === undefined) {
        answer.destroy();
        log.warn('redirect to another host not passed on', { shareId, traceId: trace?.traceId });
        return problem(503, 'redirect-elsewhere');
      }
      // The relay keeps 502 and 504 for itself, and carries nothing outside 200 to 599.
      if (status === 502 || status === 504 || status < 200 || status > 599) {
        answer.destroy();
        return problem(503, 'upstream-error');
      }
      return { status, headers, body: answer };
    } catch (error) {
      over();
      if (request.signal.aborted) throw error;
      down = true;
      failures.failed(networkWords(error), trace?.traceId);
      return problem(503, error instanceof UpstreamSilent ? 'upstream-timeout' : 'upstream-unreachable');
    }
  };
}
