import { randomInt } from 'node:crypto';
import type { ListenerChannel } from './listener-channel.ts';

/** Who listens on which hybrid connection; names are the same in any case, as in Azure. */
export class ListenerRegistry {
  readonly #byName = new Map<string, Set<ListenerChannel>>();

  count(name: string): number {
    return this.#byName.get(name.toLowerCase())?.size ?? 0;
  }

  counts(): ReadonlyMap<string, number> {
    return new Map([...this.#byName].map(([name, channels]) => [name, channels.size]));
  }

  all(): ListenerChannel[] {
    return [...this.#byName.values()].flatMap((channels) => [...channels]);
  }

  of(name: string): ListenerChannel[] {
    return [...(this.#byName.get(name.toLowerCase()) ?? [])];
  }

  add(channel: ListenerChannel): void {
    const name = channel.name.toLowerCase();
    const channels = this.#byName.get(name) ?? new Set();
    channels.add(channel);
    this.#byName.set(name, channels);
  }

  remove(channel: ListenerChannel): void {
    const name = channel.name.toLowerCase();
    const channels = this.#byName.get(name);
    channels?.delete(channel);
    if (channels?.size === 0) this.#byName.delete(name);
  }

  /** One of the listeners, at random; one that does not take in what it is sent is passed over. */
  pick(name: string, backlog: number): ListenerChannel | undefined {
    const able = this.of(name).filter((channel) => channel.backlog < backlog);
    return able.length === 0 ? undefined : able[randomInt(able.length)];
  }
}
