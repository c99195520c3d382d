import type { Clock } from '../../shared/clock.ts';

type Action = () => Promise<void>;

interface Appointment {
  readonly at: number;
  readonly order: number;
  readonly action: Action;
}

/** A clock that jumps from one appointment to the next; a month takes no time. */
export class Timeline implements Clock {
  #now: number;
  #made = 0;
  /** A binary heap, earliest first. */
  readonly #heap: Appointment[] = [];

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** @param delay milliseconds from now; parts of one are cut off, as real clocks do */
  after(delay: number, action: Action): void {
    const heap = this.#heap;
    heap.push({ at: this.#now + Math.max(0, Math.floor(delay)), order: this.#made++, action });
    for (let child = heap.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!this.#earlier(child, parent)) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  /** Keeps the next appointment. @returns false when there is none */
  async next(): Promise<boolean> {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined) return false;
    if (heap.length > 0) heap[0] = last;
    for (let parent = 0; ;) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2];
      if (left >= heap.length) break;
      const child = right < heap.length && this.#earlier(right, left) ? right : left;
      if (!this.#earlier(child, parent)) break;
      this.#swap(child, parent);
      parent = child;
    }
    this.#now = first.at;
    await first.action();
    return true;
  }

  #earlier(one: number, other: number): boolean {
    const [a, b] = [this.#at(one), this.#at(other)];
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #swap(one: number, other: number): void {
    [this.#heap[one], this.#heap[other]] = [this.#at(other), this.#at(one)];
  }

  #at(index: number): Appointment {
    const found = this.#heap[index];
    if (found === undefined) throw new RangeError('Outside of the heap.');
    return found;
  }
}
