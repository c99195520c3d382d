import { minute } from '../clock.ts';
import type { Span } from './rule.ts';
import type { SampleField, Sample } from './sample.ts';
import { guessJsonSlot, guessTextSlot, type ValueOrigin } from './slot-guess.ts';
import { jsonSlotWords, textSlotWords } from './slot-words.ts';
import type { JsonScalar, JsonSlot, TextSlot, TimeRange } from './slot.ts';
import {
  isFixedMoment,
  isRoundedRange,
  timeWindow,
  type SeenMoment,
  type TimeWindow,
} from './time-window.ts';

/** Decides what each place of one rule becomes, from all calls that the rule is made of. */
export class SlotDrafts {
  readonly #samples: readonly Sample[];
  readonly #seen = new Map<string, readonly SeenMoment[]>();
  readonly #windows = new Map<string, TimeWindow>();
  readonly warnings: { slot: string; text: string }[] = [];

  /** @param samples oldest first */
  constructor(samples: readonly Sample[]) {
    this.#samples = samples;
    const places = [...(samples[0]?.fields.keys() ?? [])];
    for (const place of places) {
      const seen = this.#moments(place);
      if (seen !== undefined && !isFixedMoment(seen)) this.#seen.set(place, seen);
    }
    for (const [place, seen] of this.#seen) {
      const rounded = [...this.#seen.values()].some((other) => isRoundedRange(seen, other));
      const format = this.#fields(place)[0]?.time?.format ?? 'unix-s';
      this.#windows.set(place, timeWindow(place, format, seen, rounded));
    }
  }

  /** The slot of a value in the path, the query or a form. */
  text(place: string): TextSlot {
    const texts = this.#fields(place).map(({ value }) => String(value));
    return (
      this.#time(place) ??
      this.#fixed(texts) ??
      this.#guessed(place, guessTextSlot(texts, this.#origin(place)), textSlotWords)
    );
  }

  /** The slot of a scalar in a JSON body. */
  json(place: string): JsonSlot {
    const values = this.#fields(place).map(({ value }) => value);
    const time = this.#time(place);
    if (time === undefined)
      return (
        this.#fixed(values) ?? this.#guessed(place, guessJsonSlot(values, this.#origin(place)), jsonSlotWords)
      );
    if (typeof values[0] === 'string') return { string: time };
    if ('anyOf' in time) return { anyOf: [values[0] ?? null, time.anyOf[1]] };
    return time;
  }

  /** Pairs of moments that stay about as far apart as in the calls seen. */
  spans(): Span[] {
    return this.#pairs().map(({ from, to, ...bounds }) => ({
      from: nameOf(from),
      to: nameOf(to),
      ...bounds,
    }));
  }

  /** The same with places instead of names. */
  #pairs(): Span[] {
    const places = [...this.#seen.keys()].filter((place) => this.#windows.get(place)?.because === undefined);
    const offset = (place: string) =>
      this.#offsets(place).reduce((sum, one) => sum + one, 0) / this.#samples.length;
    const [to, ...earlier] = places.sort((a, b) => offset(b) - offset(a));
    if (to === undefined) return [];
    return earlier.flatMap((from) => {
      const starts = this.#seen.get(from) ?? [];
      const lengths = (this.#seen.get(to) ?? []).map(({ moment }, at) => moment - (starts[at]?.moment ?? 0));
      const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
      if (least < minute) return [];
      const margin = Math.max(minute, most / 20);
      return [{ from, to, min: toTenSeconds(least - margin), max: toTenSeconds(most + margin) }];
    });
  }

  #fields(place: string): readonly SampleField[] {
    return this.#samples.flatMap(({ fields }) => fields.get(place) ?? []);
  }

  #origin(place: string): ValueOrigin {
    return { place, hars: this.#samples.map(({ har }) => har) };
  }

  #offsets(place: string): number[] {
    return (this.#seen.get(place) ?? []).map(({ moment, at }) => moment - at);
  }

  /** The moments of a place, if it is one in every call and always written in one format. */
  #moments(place: string): readonly SeenMoment[] | undefined {
    const seen = this.#samples.flatMap(({ har, at, fields }) => {
      const time = fields.get(place)?.time;
      return time === undefined ? [] : [{ har, at, moment: time.moment, format: time.format }];
    });
    const alike = seen.every(({ format }) => format === seen[0]?.format);
    return seen.length > 0 && seen.length === this.#samples.length && alike ? seen : undefined;
  }

  #time(place: string): { time: TimeRange } | { anyOf: readonly [string, { time: TimeRange }] } | undefined {
    const window = this.#windows.get(place);
    const fields = this.#fields(place);
    const [first] = fields;
    if (window === undefined || first?.time === undefined) return undefined;
    const digits = Math.max(...fields.map(({ time }) => time?.fraction ?? 0));
    const fraction = digits === 0 ? 0 : digits <= 3 ? 3 : digits <= 6 ? 6 : 9;
    const { relative, step, because } = window;
    const spanned = this.#pairs().some(({ from, to }) => from === place || to === place);
    const time: TimeRange = {
      format: first.time.format,
      ...(fraction === 0 ? {} : { fraction }),
      relative,
      ...(step === undefined ? {} : { step }),
      ...(spanned ? { name: nameOf(place) } : {}),
    };
    const slot = { time };
    const why = because === undefined ? '' : `, because ${because}`;
    this.warnings.push({ slot: place, text: `${textSlotWords(slot)} is accepted${why}` });
    // A moment long ago that was seen once may be fixed as well as relative.
    const alone = !spanned && new Set(fields.map(({ value }) => value)).size === 1;
    return alone && this.#offsets(place).every((offset) => Math.abs(offset) > 60 * minute)
      ? { anyOf: [String(first.value), slot] }
      : slot;
  }

  #fixed<T extends JsonScalar>(values: readonly T[]): T | undefined {
    return values.every((value) => value === values[0]) ? values[0] : undefined;
  }

  #guessed<T>(place: string, slot: T, words: (slot: T) => string): T {
    this.warnings.push({
      slot: place,
      text: `${words(slot)} is accepted, because the value changed between calls`,
    });
    return slot;
  }
}

/** Two openings of one dashboard give the same bounds, although their moments differ by milliseconds. */
const toTenSeconds = (length: number) => Math.round(length / 10_000) * 10_000;

/** Names of moments are bounded; long JSON pointers keep their end. */
const nameOf = (place: string) => place.slice(-64);
