import { z } from 'zod';
import { admitCall } from '../allowlist/admit-call.ts';
import { compileAllowlist } from '../allowlist/compile.ts';
import { decide } from '../allowlist/decide.ts';
import { describeRule } from '../allowlist/describe.ts';
import { diffAllowlists, diffLines } from '../allowlist/diff.ts';
import type { Allowlist } from '../allowlist/rule.ts';
import type { AuditActor, AuditEvent } from '../audit/audit-log.ts';
import type { UntoldEvents } from '../audit/untold-events.ts';
import { instant, type Clock } from '../clock.ts';
import { sha256 } from '../identifier.ts';
import { Problem } from '../problem.ts';
import type { Allowlists } from './allowlist-document.ts';
import { requestOf, type RefusedCall, type RefusedCallStore } from './refused-calls.ts';
import { shareSubject, statusAt, type Share } from './share.ts';

/** What would be admitted, exactly, for the owner to agree to. */
export interface ProposedAdmission {
  readonly call: RefusedCall;
  /** The new rule in words. */
  readonly words: string;
  readonly warnings: readonly string[];
  /** Names this very rule: the owner agrees to what was shown, and to nothing else. */
  readonly digest: string;
  readonly allowlist: Allowlist;
}

export interface AllowlistAfter {
  readonly id: string;
  readonly allowlist: Allowlist;
}

export interface AllowlistChangesDependencies {
  readonly allowlists: Allowlists;
  readonly refused: RefusedCallStore;
  readonly untold: UntoldEvents<Share>;
  readonly clock: Clock;
}

const longestDetail = 2000;

/** How the allowlist of a share changes, and how that is told. */
export function createAllowlistChanges(deps: AllowlistChangesDependencies) {
  const { allowlists, refused, untold, clock } = deps;

  async function allowlistOf(share: Share): Promise<Allowlist> {
    const allowlist = await allowlists.read(share.id, share.allowlistId);
    if (!allowlist) throw new Problem('conflict', 'This share has ended.');
    return allowlist;
  }

  const admits = (allowlist: Allowlist, by: 'gateway' | 'portal') => {
    const compiled = compileAllowlist(allowlist);
    return (call: RefusedCall) =>
      call.admissible &&
      (by === 'gateway' || call.by === 'service') &&
      decide(compiled, requestOf(call), Date.parse(call.lastAt)).admitted;
  };

  /**
   * What the audit is to be told of a change, to be written with it: each refused call that it admits, and the
   * difference.
   * @param by who writes it; what the gateway itself refused is admitted by the gateway only
   */
  async function eventsOf(
    before: Share,
    after: AllowlistAfter,
    actor: AuditActor,
    by: 'gateway' | 'portal',
  ): Promise<AuditEvent[]> {
    const about = { organizationId: before.organizationId, actor, subject: shareSubject(before) };
    const admitted = (await refused.of(before.id)).filter(admits(after.allowlist, by));
    const events = admitted.map(({ method, target }): AuditEvent => {
      return { ...about, action: 'request.admitted', details: { by, method, target: target.slice(0, 500) } };
    });
    const old =
      before.allowlistId === after.id ? undefined : await allowlists.read(before.id, before.allowlistId);
    const lines = old ? diffLines(diffAllowlists(old, after.allowlist)) : [];
    if (lines.length > 0) {
      const details = { by, changed: 'allowlist', calls: lines.join('\n').slice(0, longestDetail) };
      events.push({ ...about, action: 'share.updated', details });
    } else if (by === 'gateway' && before.gatewayAllowlistId !== undefined) {
      const details = { by, changed: 'allowlist accepted on the on-prem side' };
      events.push({ ...about, action: 'share.updated', details });
    }
    return events;
  }

  /** After a change was written: forgets the refused calls that it admits, and allowlists that nobody names now. */
  async function settle(before: Share, after: AllowlistAfter, by: 'gateway' | 'portal'): Promise<void> {
    await refused.settle(before.id, admits(after.allowlist, by));
    await allowlists.keepOnly(before.id, [before.allowlistId, before.gatewayAllowlistId, after.id]);
  }

  /** @throws Problem not-found, conflict (it cannot be admitted) */
  async function propose(share: Share, callId: string): Promise<ProposedAdmission> {
    const call = (await refused.of(share.id)).find(({ id }) => id === callId);
    if (!call) throw new Problem('not-found', 'There is no such refused call. It may have been admitted.');
    if (!call.admissible) {
      throw new Problem(
        'conflict',
        'This call cannot be admitted: it was too long, or cannot be read in one way.',
      );
    }
    try {
      const { allowlist, rule, warnings } = admitCall(
        await allowlistOf(share),
        requestOf(call),
        Date.parse(call.lastAt),
      );
      if (!rule) {
        throw new Problem(
          'conflict',
          'The service admits this call. The gateway refuses it: accept it there.',
        );
      }
      return {
        call,
        words: describeRule(rule),
        warnings: warnings.map(({ slot, text }) => `${slot}: ${text}`),
        digest: sha256(JSON.stringify(rule)),
        allowlist,
      };
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error;
      throw new Problem('conflict', 'The allowlist of this share is full.');
    }
  }

  return {
    eventsOf,
    settle,
    allowlistOf,
    propose,

    /**
     * Admits a refused call for the part of the service. The gateway keeps its own allowlist until somebody on the
     * on-prem side accepts: until then the call is refused there.
     * @param digest of the proposal that was agreed to
     * @throws Problem not-found, conflict (the share has ended, or changed since)
     */
    async admit(share: Share, actor: AuditActor, callId: string, digest: string): Promise<void> {
      const proposal = await propose(share, callId);
      if (proposal.digest !== digest) {
        throw new Problem('conflict', 'The share has changed since. Look at the call again.');
      }
      const after = {
        id: await allowlists.write(share.id, proposal.allowlist),
        allowlist: proposal.allowlist,
      };
      const events = await eventsOf(share, after, actor, 'portal');
      await untold.change(
        share,
        (current) => {
          const status = statusAt(current, instant(clock.now()));
          if (status !== 'active' && status !== 'paused')
            throw new Problem('conflict', 'This share has ended.');
          if (current.allowlistId !== share.allowlistId) {
            throw new Problem('conflict', 'The share has changed since. Look at the call again.');
          }
          const gatewayAllowlistId = current.gatewayAllowlistId ?? current.allowlistId;
          return { document: { ...current, allowlistId: after.id, gatewayAllowlistId }, events };
        },
        () => settle(share, after, 'portal'),
      );
    },
  };
}

export type AllowlistChanges = ReturnType<typeof createAllowlistChanges>;
