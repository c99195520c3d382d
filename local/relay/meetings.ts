/** What ends a rendezvous or a joined WebSocket because its hybrid connection is gone. */
type End = () => void;

/** Everything that was opened by way of a hybrid connection and lives beside its control channels. */
export class Meetings {
  readonly #byName = new Map<string, Set<End>>();

  /** @returns forgets it; to be called when it is over */
  add(name: string, end: End): () => void {
    const key = name.toLowerCase();
    const ends = this.#byName.get(key) ?? new Set();
    ends.add(end);
    this.#byName.set(key, ends);
    return () => {
      ends.delete(end);
      if (ends.size === 0 && this.#byName.get(key) === ends) this.#byName.delete(key);
    };
  }

  end(name: string): void {
    for (const end of [...(this.#byName.get(name.toLowerCase()) ?? [])]) end();
  }
}
