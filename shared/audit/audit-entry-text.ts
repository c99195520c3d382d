import type { AuditEntryView } from '../pages/audit-entries.tsx';
import type { AuditEntry } from './audit-entry.ts';

/** An entry as people read it. */
export function auditEntryText({ at, action, actor, subject, details }: AuditEntry): AuditEntryView {
  const about = subject ? (subject.label ?? subject.id) : '';
  const facts = Object.entries(details ?? {}).map(([name, value]) => `${name}: ${String(value)}`);
  return {
    at,
    action,
    actor: actor.label ?? `${actor.kind} ${actor.id}`,
    text: [about, ...facts].filter((part) => part !== '').join(' · '),
  };
}
