import type { DocumentStore } from '../../shared/store/document-store.ts';

/** The host died: nothing that it was about to do happens. */
export class HostDied extends Error {
  override name = 'HostDied';
}

/** Lets a store's host die instead of its write number `at`, counted from 0. @returns how many writes came through */
export function dieAtWrite(store: DocumentStore, at: number): { writes: number } {
  const count = { writes: 0 };
  const whileAlive =
    <Parameters extends unknown[], Result>(act: (...parts: Parameters) => Promise<Result>) =>
    async (...parts: Parameters): Promise<Result> => {
      if (count.writes >= at) throw new HostDied();
      count.writes++;
      return act(...parts);
    };
  store.create = whileAlive(store.create.bind(store));
  store.replace = whileAlive(store.replace.bind(store));
  store.remove = whileAlive(store.remove.bind(store));
  return count;
}
