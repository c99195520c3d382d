import { compileAllowlist } from '../../shared/allowlist/compile.ts';
import { decide } from '../../shared/allowlist/decide.ts';
import type { Allowlist, Rule } from '../../shared/allowlist/rule.ts';
import { OpenApiPeer } from './openapi-peer.ts';
import { figure, percentile, type BenchResult } from './result.ts';

const sizes = [50, 10_000] as const;
const rounds = 40;
/** Until the code is compiled. */
const warmUp = 8;
const requests = 20_000;
/** Our peer looks at every rule for each request, so it gets fewer of them. */
const peerRequests = { 50: 2_000, 10_000: 40 } as const;
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

/** Requests for all the rules of a list, in no order, one after the other in one buffer as the network brings them. */
class Requests {
  readonly #bytes: Buffer;
  readonly #ends: Int32Array;

  constructor({ target }: Kind, size: number, count: number) {
    // A stride that has no divisor in common with either size visits every rule.
    const targets = Array.from({ length: count }, (_, turn) => target((turn * 7_919) % size, turn));
    this.#bytes = Buffer.from(targets.join(''), 'latin1');
    let end = 0;
    this.#ends = Int32Array.from(targets, ({ length }) => (end += length));
  }

  /** A string of its own each time, whose hash nobody knows yet. */
  target(turn: number): string {
    return this.#bytes.toString('latin1', turn === 0 ? 0 : this.#ends[turn - 1], this.#ends[turn]);
  }
}

/** Decides on every request once a round. */
class Deciding {
  readonly rates: number[] = [];
  readonly #admits: (target: string) => boolean;
  readonly #requests: Requests;
  readonly #count: number;

  constructor(kind: Kind, size: number, count: number, admits: (target: string) => boolean) {
    this.#admits = admits;
    this.#requests = new Requests(kind, size, count);
    this.#count = count;
  }

  round(): void {
    const started = performance.now();
    for (let turn = 0; turn < this.#count; turn++) {
      const target = this.#requests.target(turn);
      if (!this.#admits(target)) throw new Error(`${target} was refused.`);
    }
    this.rates.push(this.#count / ((performance.now() - started) / 1000));
  }

  get rate(): number {
    return percentile(this.rates, 0.5);
  }
}

function byAllowlist(kind: Kind, size: number): Deciding {
  const allowlist: Allowlist = { version: 1, rules: rulesOf(kind, size) };
  const compiled = compileAllowlist(allowlist);
  return new Deciding(
    kind,
    size,
    requests,
    (target) => decide(compiled, { method: 'GET', target, headers }, now).admitted,
  );
}

function byPeer(kind: Kind, size: (typeof sizes)[number]): Deciding {
  const peer = new OpenApiPeer(rulesOf(kind, size));
  return new Deciding(kind, size, peerRequests[size], (target) =>
    peer.admits({ method: 'GET', path: target, headers }),
  );
}

const rulesOf = ({ rule }: Kind, size: number) => Array.from({ length: size }, (_, index) => rule(index));

/** Decisions a second on one core, by a short list and by a long one in turn, and by a common validator. */
export async function benchDecisions(): Promise<BenchResult[]> {
  return kinds.flatMap((kind) => {
    const ours = sizes.map((size) => byAllowlist(kind, size));
    const peers = sizes.map((size) => byPeer(kind, size));
    for (let round = 0; round < warmUp + rounds; round++) {
      if (round === warmUp) for (const { rates } of ours) rates.length = 0;
      // Whoever comes second finds the cache full of the other's rules.
      for (const each of round % 2 === 0 ? ours : ours.toReversed()) each.round();
      if (round < 4) for (const each of peers) each.round();
    }
    const target = { bound: 'at least', value: kind.least } as const;
    const [short, long] = ours;
    const shares = (long?.rates ?? []).map((rate, round) => rate / (short?.rates[round] ?? Number.NaN));
    return [
      ...sizes.map((size, at) =>
        figure(
          `decisions, ${size} ${kind.name}`,
          '1/s',
          ours[at]?.rate ?? Number.NaN,
          { name: 'openapi-backend', value: peers[at]?.rate ?? Number.NaN },
          target,
        ),
      ),
      figure(
        `decisions, ${sizes[1]} ${kind.name} as against ${sizes[0]}`,
        '',
        percentile(shares, 0.5),
        undefined,
        {
          bound: 'at least',
          value: 0.9,
        },
      ),
    ];
  });
}
