import { wordsOf } from '../gateway-error.ts';

/** What one check found, in one line. */
export interface Finding {
  readonly check: string;
  /** null where it was not tried. */
  readonly ok: boolean | null;
  readonly says: string;
}

/** What is wrong and what to do about it, in one line. */
export class Fault extends Error {
  override readonly name = 'Fault';

  constructor(what: string, remedy: string, options?: ErrorOptions) {
    super(`${what}; ${remedy}`, options);
  }
}

/** Thrown by a check that has nothing to look at yet. */
export class NotTried extends Error {
  override readonly name = 'NotTried';
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();

/** The findings in the order of their checks: after a fault what depends on it is not tried, so a fault is named once. */
export class Findings {
  readonly all: Finding[] = [];

  /** @returns whether it went well */
  async check(name: string, act: () => Promise<string>): Promise<boolean> {
    try {
      this.all.push({ check: name, ok: true, says: oneLine(await act()) });
      return true;
    } catch (error) {
      const ok = error instanceof NotTried ? null : false;
      this.all.push({ check: name, ok, says: oneLine(wordsOf(error)) });
      return false;
    }
  }

  skip(...names: string[]): void {
    for (const check of names)
      this.all.push({ check, ok: null, says: 'not tried, because of the fault above' });
  }

  get sound(): boolean {
    return this.all.every(({ ok }) => ok !== false);
  }
}
