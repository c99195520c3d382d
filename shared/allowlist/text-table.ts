/** Units before the texts of an entry: its index, in two bytes. */
const header = 2;
/** More would not fit two bytes. */
const most = 65_535;

/**
 * Finds lists of texts among many, touching as little memory as can be: with ten thousand rules, a decision waits
 * for what it must fetch, and a `Map` of strings wants several times as much.
 */
export class TextTable {
  /** For each place the hash of an entry and where it starts in `#units`, plus one; 0 where there is none. */
  readonly #places: Int32Array;
  readonly #mask: number;
  /** For each entry its index, and for each of its texts the length and the UTF-16 units. */
  readonly #units: Uint8Array | Uint16Array;

  /**
   * @param entries up to 65,535, with texts of as many units; the first of equal ones counts
   * @throws RangeError beyond that
   */
  constructor(entries: readonly (readonly string[])[]) {
    let capacity = 8;
    while (capacity < entries.length * 1.5) capacity *= 2;
    this.#mask = capacity - 1;
    this.#places = new Int32Array(capacity * 2);
    let size = 0;
    for (const text of entries.flat()) {
      if (text.length > most) throw new RangeError('A text is too long for the table.');
      size += text.length + 2;
    }
    if (entries.length > most) throw new RangeError('There are too many texts for the table.');
    size += entries.length * header;
    this.#units = entries.flat().every(isLatin1) ? new Uint8Array(size) : new Uint16Array(size);
    let start = 0;
    for (const [index, texts] of entries.entries()) {
      const hash = hashOf(texts);
      const at = this.#placeOf(texts, hash);
      if (this.#places[at + 1] !== 0) continue;
      this.#places.set([hash, start + 1], at);
      start = this.#write(start, index, texts);
    }
  }

  /** The index of an entry that holds exactly these texts, or -1. */
  find(texts: readonly string[]): number {
    const start = (this.#places[this.#placeOf(texts, hashOf(texts)) + 1] ?? 0) - 1;
    return start < 0 ? -1 : this.#twoBytes(start);
  }

  /** Where these texts are, or would be. */
  #placeOf(texts: readonly string[], hash: number): number {
    for (let place = hash & this.#mask; ; place = (place + 1) & this.#mask) {
      const at = place * 2;
      const start = (this.#places[at + 1] ?? 0) - 1;
      if (start < 0) return at;
      if (this.#places[at] === hash && this.#holds(start, texts)) return at;
    }
  }

  #holds(start: number, texts: readonly string[]): boolean {
    const units = this.#units;
    let at = start + header;
    for (const text of texts) {
      if (this.#twoBytes(at) !== text.length) return false;
      at += 2;
      for (let unit = 0; unit < text.length; unit++) if (units[at++] !== text.charCodeAt(unit)) return false;
    }
    return true;
  }

  #write(start: number, index: number, texts: readonly string[]): number {
    let at = start;
    const write = (unit: number) => (this.#units[at++] = unit);
    const writeTwoBytes = (number: number) => (write(number >> 8), write(number & 0xff));
    writeTwoBytes(index);
    for (const text of texts) {
      writeTwoBytes(text.length);
      for (let unit = 0; unit < text.length; unit++) write(text.charCodeAt(unit));
    }
    return at;
  }

  #twoBytes(at: number): number {
    return ((this.#units[at] ?? 0) << 8) | (this.#units[at + 1] ?? 0);
  }
}

const isLatin1 = (text: string) => /^[\0-\u00ff]*$/.test(text);

/** FNV-1a over UTF-16 units, its upper half folded into the lower, which chooses the place. */
function hashOf(texts: readonly string[]): number {
  let hash = 0x811c9dc5;
  for (const text of texts) {
    for (let unit = 0; unit < text.length; unit++) hash = Math.imul(hash ^ text.charCodeAt(unit), 0x01000193);
    hash = Math.imul(hash ^ 0x1ffff, 0x01000193);
  }
  return (hash ^ (hash >>> 15)) | 0;
}
