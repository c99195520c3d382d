import type { RestoreOutcome } from './restore.ts';

const columns = ['documents', 'kept', 'missing', 'damaged', 'leftOut', 'unreadable'] as const;

/** What a restore changes or changed, as a table for the terminal. */
export function restoreText(
  { manifest, containers, forkedChains }: RestoreOutcome,
  when: 'plan' | 'done',
): string {
  const verb = when === 'plan' ? 'Would come back' : 'Came back';
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
  const total = Object.values(containers).reduce((sum, { missing, damaged }) => sum + missing + damaged, 0);
  return [
    `Backup ${manifest.id}, finished ${manifest.finishedAt}: whole and genuine.`,
    line(head),
    ...rows.map(line),
    `${verb}: ${total} documents (missing and damaged). What is live and sound is kept.`,
    ...(forkedChains.length > 0
      ? [`Audit chains that went on without the backup, left alone: ${forkedChains.join(', ')}`]
      : []),
  ].join('\n');
}
