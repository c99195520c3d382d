import type { Readable } from 'node:stream';
import { z } from 'zod';
import { decide } from '../allowlist/decide.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { Problem } from '../problem.ts';
import type { Allowlists } from '../shares/allowlist-document.ts';
import type { RefusedCallStore } from '../shares/refused-calls.ts';
import type { ShareAccess, ShareAccessCheck } from '../shares/share-access.ts';
import { shareSubject } from '../shares/share.ts';
import { shareOrigin } from '../shares/share-view.ts';
import type { Shares } from '../shares/shares.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { formatTraceparent, type TraceContext } from '../telemetry/trace-context.ts';
import { AccessEnded, watchAccess, type AccessWatchDependencies } from './access-watch.ts';
import { sendToAnyGateway } from './any-gateway.ts';
import { foreignTo, wantsServiceWorker } from './foreign-request.ts';
import { TunnelError, type RelaySender } from './relay-sender.ts';
import { inwardHeaders, outwardHeaders } from './viewer-headers.ts';

/** One request of a viewer's browser on the origin of a share. */
export interface ViewerRequest {
  readonly shareId: string;
  /** Value of the share's session cookie, if sent. */
  readonly cookie: string | undefined;
  readonly method: string;
  /** Path and query as received, undecoded. */
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  /** Aborted when the viewer is gone. */
  readonly signal: AbortSignal;
  readonly requestId: string;
}

export type ViewerResponse =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Record<string, string>;
      readonly body: Readable;
    }
  | {
      readonly kind: 'closed';
      readonly why: Extract<ShareAccess, { kind: 'closed' }>['why'];
    };

export interface ShareTunnelDependencies {
  readonly access: ShareAccessCheck;
  readonly allowlists: Allowlists;
  readonly shares: Shares;
  readonly refused: RefusedCallStore;
  readonly sender: RelaySender;
  readonly audit: AuditLog;
  readonly site: { readonly publicOrigin: string; readonly shareDomain: string };
  readonly telemetry: Pick<Telemetry, 'context'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly every: AccessWatchDependencies['every'];
}

/** The path from a viewer to the dashboard: who, what, through the tunnel, and back. */
export function createShareTunnel(deps: ShareTunnelDependencies) {
  const { access, allowlists, shares, refused, sender, audit, site, telemetry, clock, log, every } = deps;

  async function refuse(
    request: ViewerRequest,
    granted: Extract<ShareAccess, { kind: 'open' }>,
    by: 'service' | 'gateway',
    { code, nearestRule, difference }: RefusalWords,
  ): Promise<never> {
    const call = {
      method: request.method,
      target: request.target,
      contentType: Object.fromEntries(request.headers)['content-type'],
      body: request.body,
    };
    await audit.append({
      organizationId: granted.share.organizationId,
      actor: { kind: 'recipient', id: granted.recipient.accountId, label: granted.recipient.email },
      action: 'request.refused',
      subject: shareSubject(granted.share),
      details: {
        by,
        method: request.method.slice(0, 20),
        target: request.target.slice(0, 500),
        ...(code !== undefined && { code }),
        difference,
        ...(nearestRule !== undefined && { nearestRule }),
      },
    });
    // What no rule can admit is not offered to be admitted.
    if (code !== 'misuse' && code !== 'upgrade')
      await refused
        .note(granted.share.id, call, { by, nearestRule, difference })
        .catch((error: unknown) => log.warn('refused call not kept', { error: String(error) }));
    // Why is the owner's to know (the audit says it), not the viewer's.
    throw new Problem('not-in-allowlist', 'The shared dashboard does not make this call.');
  }

  /** @throws Problem not-in-allowlist, system-offline, system-timeout, unavailable */
  return async function serve(request: ViewerRequest): Promise<ViewerResponse> {
    const granted = await access.check(request.shareId, request.cookie);
    if (granted.kind === 'closed') return granted;
    const { share, recipient } = granted;

    const compiled = await allowlists.compiled(share.id, share.allowlistId);
    if (!compiled) return { kind: 'closed', why: 'ended' };
    const headers = Object.fromEntries(request.headers);
    const misuse =
      foreignTo(shareOrigin(share.id, site), headers, request.method) ??
      (wantsServiceWorker(headers) ? 'it fetches a service worker' : undefined);
    if (misuse !== undefined) {
      return refuse(request, granted, 'service', {
        code: 'misuse',
        difference: `Refused before any rule: ${misuse}.`,
      });
    }
    const decision = decide(
      compiled,
      {
        method: request.method,
        target: request.target,
        contentType: headers['content-type'],
        headers: onlyViewers(headers),
        body: request.body,
      },
      clock.now(),
    );
    if (!decision.admitted) {
      return refuse(request, granted, 'service', decision.refusal);
    }

    const { call } = decision;
    // From here on, not only while the answer flows: a call may be held for a minute before it is answered.
    const watch = watchAccess({
      check: () => access.check(request.shareId, request.cookie),
      clock,
      every,
    });
    const answer = await sendToAnyGateway(sender, {
      connection: share.systemId,
      target: `/${share.id}${call.target}`,
      method: call.method,
      headers: {
        ...inwardHeaders(request.headers),
        ...(call.contentType !== undefined && { 'content-type': call.contentType }),
        'drawbridge-recipient': recipient.email,
        'drawbridge-request-id': request.requestId,
        ...traceHeader(telemetry.context()),
      },
      ...(call.body && { body: call.body }),
      signal: AbortSignal.any([request.signal, watch.ended]),
    }).catch((error: unknown) => {
      watch.stop();
      if (watch.ended.aborted) return closedBy(watch.ended);
      throw error instanceof TunnelError ? problemOf(error, share.id, log) : error;
    });
    if ('kind' in answer) return answer;
    // Whoever reads it hears of its failure; until then nobody would.
    answer.body.on('error', () => {}).once('close', watch.stop);
    watch.ended.addEventListener('abort', () => answer.body.destroy(watch.ended.reason as Error), {
      once: true,
    });

    const problem = answer.headers['drawbridge-problem'];
    const refusal = answer.headers['drawbridge-refusal'];
    if (refusal !== undefined || problem !== undefined) answer.body.destroy();
    if (refusal !== undefined) {
      return refuse(request, granted, 'gateway', readRefusal(String(refusal)));
    }
    if (problem !== undefined) {
      log.warn('gateway could not answer', { shareId: share.id, problem: String(problem).slice(0, 100) });
      throw new Problem('system-offline', 'The system does not reach the application behind this dashboard.');
    }

    await shares.noteOpened(share, recipient.accountId);
    if (watch.ended.aborted) return closedBy(watch.ended);
    return {
      kind: 'answer',
      status: answer.status,
      headers: outwardHeaders(answer.headers),
      body: answer.body,
    };
  };
}

/** So that the gateway and the application write the same id into their logs. */
const traceHeader = (context: TraceContext | undefined): Record<string, string> =>
  context === undefined ? {} : { traceparent: formatTraceparent(context) };

const refusalWords = z.object({
  code: z.string().max(40).optional(),
  nearestRule: z.string().max(40).optional(),
  difference: z.string().max(1000),
});

type RefusalWords = z.infer<typeof refusalWords>;

/** What a gateway says of its refusal: JSON, or, from another make of gateway, words. */
function readRefusal(header: string): RefusalWords {
  try {
    return refusalWords.parse(JSON.parse(header));
  } catch {
    return { difference: header.slice(0, 1000) };
  }
}

export type ShareTunnel = ReturnType<typeof createShareTunnel>;

/** @throws Problem unavailable where nobody can say whether the viewer still may */
function closedBy({ reason }: AbortSignal): Extract<ViewerResponse, { kind: 'closed' }> {
  if (reason instanceof AccessEnded && reason.why !== 'unverified')
    return { kind: 'closed', why: reason.why };
  throw new Problem('unavailable', 'The service cannot show this just now. Please try again.');
}

/** Front ends and hosts add headers of their own; the allowlist judges what the viewer's browser sent. */
function onlyViewers(headers: Record<string, string>): Record<string, string> {
  const infrastructure =
    /^(x-forwarded-|x-azure-|x-ms-|x-arr-|x-site-|x-appservice-|x-original-host$|x-waws-|disguised-host$|was-default-hostname$|client-ip$|max-forwards$|via$|forwarded$)/;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !infrastructure.test(name)));
}

function problemOf(error: TunnelError, shareId: string, log: Log): Problem {
  log.warn('tunnel failed', { shareId, code: error.code });
  switch (error.code) {
    case 'no-listener':
      return new Problem('system-offline', 'The system that shows this dashboard is not connected just now.');
    case 'timeout':
      return new Problem(
        'system-timeout',
        'The system that shows this dashboard did not answer within 60 seconds.',
      );
    case 'refused':
    case 'broken':
      return new Problem('unavailable', 'The tunnel to the system is not available just now.');
  }
}
