import { z } from 'zod';
import type { Clock } from '../../shared/clock.ts';
import { readIfThere, replaceFile } from './atomic-file.ts';

export const ROLES = ['admin', 'operator', 'viewer'] as const;

const userSchema = z.strictObject({
  name: z.string(),
  role: z.enum(ROLES),
  /** What a viewer may read; the other roles read everything. */
  elementIds: z.array(z.number().int()).readonly(),
  dashboardIds: z.array(z.string()).readonly(),
  password: z.strictObject({ salt: z.string(), hash: z.string(), cost: z.number().int() }).readonly(),
  /** Milliseconds since the epoch. */
  createdAt: z.number().int(),
});
const fileSchema = z.strictObject({ version: z.literal(1), users: z.array(userSchema) });

export type User = Readonly<z.infer<typeof userSchema>>;

/** The users, in one JSON file that is replaced whole at every change. */
export interface UserStore {
  find(name: string): User | undefined;
  list(): readonly User[];
  /** @returns false when the name is taken */
  add(user: Omit<User, 'createdAt'>): Promise<boolean>;
  /** @returns false when there is no such user */
  remove(name: string): Promise<boolean>;
  setPassword(name: string, password: User['password']): Promise<void>;
}

/** @throws when the file is there and cannot be read as users */
export async function openUserStore(path: string, clock: Clock): Promise<UserStore> {
  let users = new Map((await readUsers(path)).map((user) => [user.name, user]));
  let last: Promise<unknown> = Promise.resolve();

  /** One change at a time; memory follows the disk, so a failed write changes nothing. */
  const change = <T>(decide: (next: Map<string, User>) => T | undefined): Promise<T | undefined> => {
    const turn = last.then(async () => {
      const next = new Map(users);
      const outcome = decide(next);
      if (outcome === undefined) return undefined;
      const file = { version: 1, users: [...next.values()] };
      await replaceFile(path, `${JSON.stringify(file, null, 2)}\n`);
      users = next;
      return outcome;
    });
    last = turn.catch(() => undefined);
    return turn;
  };

  return {
    find: (name) => users.get(name),
    list: () => [...users.values()],
    add: async (user) =>
      (await change((next) => {
        if (next.has(user.name)) return undefined;
        next.set(user.name, { ...user, createdAt: clock.now() });
        return true;
      })) ?? false,
    remove: async (name) => (await change((next) => next.delete(name) || undefined)) ?? false,
    setPassword: async (name, password) => {
      await change((next) => {
        const user = next.get(name);
        if (!user) return undefined;
        next.set(name, { ...user, password });
        return true;
      });
    },
  };
}

async function readUsers(path: string): Promise<User[]> {
  const text = await readIfThere(path);
  return text === undefined ? [] : fileSchema.parse(JSON.parse(text)).users;
}
