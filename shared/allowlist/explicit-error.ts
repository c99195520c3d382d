import type { z } from 'zod';

/** An explicit list that cannot be read. The message names the field: `call 2 query minutes integer: …`. */
export class ExplicitListError extends Error {
  readonly field: string;

  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`);
    this.name = 'ExplicitListError';
    this.field = field;
  }
}

/** Parses one part of the list. @throws ExplicitListError naming the part or its member */
export function readLeaf<T extends z.ZodType>(schema: T, value: unknown, place: string): z.output<T> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const inner = (issue?.path ?? []).map((step) => (typeof step === 'number' ? step + 1 : String(step)));
  throw new ExplicitListError([place, ...inner].join(' '), issue?.message ?? 'cannot be read');
}
