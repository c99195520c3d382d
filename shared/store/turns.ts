/**
 * Runs what belongs to one key one after the other, within this process, in the order asked. What is
 * written with compare-and-swap then collides with other processes only.
 */
export function turns() {
  const last = new Map<string, Promise<unknown>>();
  return async <R>(key: string, act: () => Promise<R>): Promise<R> => {
    const turn = (last.get(key) ?? Promise.resolve()).then(act, act);
    last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (last.get(key) === turn) last.delete(key);
    }
  };
}
