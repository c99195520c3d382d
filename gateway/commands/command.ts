import type { Gateway } from '../gateway.ts';

/** Where a command writes, and what it is told. */
export interface CommandContext {
  readonly gateway: Gateway;
  /** Flags and words after the command. */
  readonly flags: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly words: readonly string[];
  readonly json: boolean;
  readonly interactive: boolean;
  print(line: string): void;
  /** For progress and warnings; not part of the result. */
  note(line: string): void;
  /** @returns whether the person said yes */
  confirm(question: string): Promise<boolean>;
}

export interface Command {
  readonly summary: string;
  readonly usage: string;
  /** How many words may follow besides flags; none unless told. */
  readonly mostWords?: number;
  readonly options: Readonly<
    Record<string, { type: 'string' | 'boolean'; multiple?: boolean; short?: string }>
  >;
  /** @returns the exit code: 0 done, 1 failed, 2 wrong usage, 3 not connected */
  run(context: CommandContext): Promise<number>;
}

export const text = (context: CommandContext, name: string): string | undefined => {
  const value = context.flags[name];
  return typeof value === 'string' ? value : undefined;
};

export const list = (context: CommandContext, name: string): string[] => {
  const value = context.flags[name];
  return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
};
