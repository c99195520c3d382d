import { compileAllowlist } from '../../shared/allowlist/compile.ts';
import { decide } from '../../shared/allowlist/decide.ts';
import type { Allowlist, Rule } from '../../shared/allowlist/rule.ts';
import { figure, percentile, type BenchResult } from './result.ts';

const sizes = [50, 10_000] as const;
const rounds = 40;
const decisionsARound = 50_000;
/** As a dashboard makes them, however long the list is. */
const distinctCalls = 50;
const headers = { accept: 'application/json' };
const now = Date.UTC(2026, 0, 1);

interface Kind {
  readonly name: string;
  readonly rule: (index: number) => Rule;
  readonly target: (index: number, turn: number) => string;
  /** Decisions a second that were promised. */
  readonly least: number;
}

const kinds: readonly Kind[] = [
  {
    name: 'literal rules',
    rule: (index) => ({
      id: `${index}`,
      method: 'GET',
      path: ['api', 'dashboards', `uid-${index}`, 'panels'],
      query: [{ name: 'orgId', value: '1' }],
    }),
    target: (index) => `/api/dashboards/uid-${index}/panels?orgId=1`,
    least: 1_000_000,
  },
  {
    name: 'rules with slots',
    rule: (index) => ({
      id: `${index}`,
      method: 'GET',
      path: ['api', 'datasources', `uid-${index}`, 'query'],
      query: [
        { name: 'expr', value: `up{job="job-${index}"}` },
        { name: 'step', value: { integer: { min: 1, max: 3600 } } },
      ],
    }),
    target: (index, turn) =>
      `/api/datasources/uid-${index}/query?expr=${encodeURIComponent(`up{job="job-${index}"}`)}&step=${1 + (turn % 3600)}`,
    least: 300_000,
  },
];

/** Decides on the calls of one dashboard, by a list of that length. */
class Deciding {
  readonly rates: number[] = [];
  readonly #compiled;
  readonly #targets: readonly Buffer[];

  constructor({ rule, target }: Kind, size: number) {
    const allowlist: Allowlist = {
      version: 1,
      rules: Array.from({ length: size }, (_, index) => rule(index)),
    };
    this.#compiled = compileAllowlist(allowlist);
    this.#targets = Array.from({ length: 4096 }, (_, turn) =>
      Buffer.from(target(Math.floor(((turn % distinctCalls) * size) / distinctCalls), turn)),
    );
  }

  round(): void {
    const started = performance.now();
    for (let turn = 0; turn < decisionsARound; turn++) {
      // Each request brings a string of its own, whose hash nobody knows yet.
      const text = this.#targets[turn % this.#targets.length]?.toString('latin1') ?? '';
      if (!decide(this.#compiled, { method: 'GET', target: text, headers }, now).admitted) {
        throw new Error(`${text} was refused.`);
      }
    }
    this.rates.push(decisionsARound / ((performance.now() - started) / 1000));
  }

  /** A second, of the rounds that others on this machine disturbed least: they can only slow it down. */
  get rate(): number {
    return percentile(this.rates, 0.9);
  }
}

/** Decisions a second on one core, by a short list and by a long one in turn. */
export async function benchDecisions(): Promise<BenchResult[]> {
  return kinds.flatMap((kind) => {
    const [short, long] = [new Deciding(kind, sizes[0]), new Deciding(kind, sizes[1])];
    for (let round = 0; round < rounds; round++) {
      short.round();
      long.round();
    }
    const target = { bound: 'at least', value: kind.least } as const;
    return [
      figure(`decisions, ${sizes[0]} ${kind.name}`, '1/s', short.rate, undefined, target),
      figure(
        `decisions, ${sizes[1]} ${kind.name}`,
        '1/s',
        long.rate,
        { name: `${sizes[0]} rules`, value: short.rate },
        target,
      ),
    ];
  });
}
