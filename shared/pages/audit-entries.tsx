import type { Instant } from '../clock.ts';
import { UtcTime } from './utc-time.tsx';

export interface AuditEntryView {
  readonly at: Instant;
  /** Its name in the audit, such as `share.opened`. */
  readonly action: string;
  readonly actor: string;
  /** What happened, in words. */
  readonly text: string;
}

export const AuditEntries = ({ entries }: { entries: readonly AuditEntryView[] }) => (
  <ol class="rows log">
    {entries.map((entry) => (
      <li>
        <UtcTime at={entry.at} />
        <div>
          <p>{entry.text}</p>
          <p class="meta">
            <span>{entry.actor}</span>
            <span>{entry.action}</span>
          </p>
        </div>
      </li>
    ))}
  </ol>
);
