import type { ComponentChildren } from 'preact';

/** A state in a word or two. The colour only repeats what the words say. */
export const Badge = ({
  tone,
  children,
}: {
  tone: 'good' | 'warn' | 'bad' | 'plain';
  children: ComponentChildren;
}) => <span class={`badge ${tone}`}>{children}</span>;
