import { containerNames } from '../store/document-store.ts';
import { restorePolicies } from './restore-policy.ts';
import type { RestoreOutcome } from './restore.ts';

const columns = ['documents', 'kept', 'missing', 'damaged', 'leftOut', 'unreadable'] as const;

/** How many documents a restore brings or brought back. */
export const restored = ({ containers }: Pick<RestoreOutcome, 'containers'>): number =>
  Object.values(containers).reduce((sum, { missing, damaged }) => sum + missing + damaged, 0);

/** Why documents stay in the backup, a line a container. */
function leftOutText({ containers }: RestoreOutcome): string[] {
  const leftOut = containerNames.filter((name) => (containers[name]?.leftOut ?? 0) > 0);
  return leftOut.map((name) => {
    const policy = restorePolicies[name];
    const why = policy.kind === 'never' ? policy.why : 'revoked, ended or deleted since';
    return `Left out: ${name}, ${why}.`;
  });
}

/** What a restore changes or changed, as a table for the terminal. */
export function restoreText(outcome: RestoreOutcome, when: 'plan' | 'done'): string {
  const { manifest, containers, forkedChains } = outcome;
  const rows = Object.entries(containers)
    .filter(([, { documents }]) => documents > 0)
    .map(([name, counts]) => [name, ...columns.map((column) => String(counts[column]))]);
  const head = ['', 'in backup', 'kept', 'missing', 'damaged', 'left out', 'unreadable'];
  const width = (n: number) => Math.max(...[head, ...rows].map((row) => row[n]?.length ?? 0));
  const line = (row: readonly string[]) =>
    row
      .map((cell, n) => (n === 0 ? cell.padEnd(width(n)) : cell.padStart(width(n))))
      .join('  ')
      .trimEnd();
  const total = restored(outcome);
  const verb = when === 'plan' ? 'Would come back' : 'Came back';
  return [
    `Backup ${manifest.id}, finished ${manifest.finishedAt}: whole and genuine.`,
    line(head),
    ...rows.map(line),
    ...leftOutText(outcome),
    total === 0
      ? 'Nothing of it is missing or damaged: there is nothing to restore.'
      : `${verb}: ${total} documents (missing and damaged). What is live and sound is kept.`,
    ...(forkedChains.length > 0
      ? [`Audit chains that went on without the backup, left alone: ${forkedChains.join(', ')}`]
      : []),
  ].join('\n');
}
