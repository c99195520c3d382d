import type { EmailBlock } from './email-blocks.ts';

/** The plain text of an e-mail. Lines are wrapped by the reader's mail program, not here. */
export function emailText(heading: string, blocks: readonly EmailBlock[], footer: string): string {
  return [heading, ...blocks.map(blockText), `-- \n${footer}`].join('\n\n') + '\n';
}

function blockText(block: EmailBlock): string {
  switch (block.kind) {
    case 'paragraph':
    case 'note':
      return block.words;
    case 'code':
      return `    ${block.code}`;
    case 'facts':
      return block.facts.map(([label, value]) => `${label}: ${value}`).join('\n');
    case 'quote':
      // Marked on each line, so that the sharer's words cannot pass for ours.
      return [`${block.from}:`, ...block.lines.map((line) => `> ${line}`)].join('\n');
    case 'action':
      return `${block.label}:\n${block.link}`;
  }
}
