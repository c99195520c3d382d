import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { allowlistSchema } from '../../shared/allowlist/rule.ts';
import { systemCodeOf } from '../gateway-error.ts';
import { makePrivateFolder, removeFile, writeAtomically } from '../state/atomic-file.ts';

const common = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,64}$/),
  systemId: z.string(),
  dashboard: z.strictObject({
    id: z.string(),
    title: z.string(),
    entryPath: z.string(),
    items: z.array(z.string()),
  }),
  allowlist: allowlistSchema,
  /** The password is sealed; `name` is its context. */
  serviceUser: z.strictObject({ name: z.string(), sealedPassword: z.string() }).optional(),
  /** Milliseconds since 1970. */
  createdAt: z.number().int(),
});

/** Being made: `id` is `making-` and the key under which the service is asked for it, `order` what it is asked for. */
const making = common.extend({
  state: z.literal('making'),
  order: z.strictObject({
    recipients: z.array(z.string()),
    message: z.string().optional(),
    description: z.string().optional(),
    expiresAt: z.string().optional(),
    sharedBy: z.string(),
    sealed: z.string().optional(),
  }),
});

/**
 * `adopting` waits until this gateway has a service user for a share that another one made; `active` lets requests
 * through; `ending` waits until the service user is gone and the service knows.
 */
const made = common.extend({
  state: z.enum(['adopting', 'active', 'ending']),
  /** Under which the service was asked for it. */
  key: z
    .string()
    .regex(/^[a-z0-9]{1,64}$/)
    .optional(),
  /** When its calls were changed last, Unix milliseconds. */
  changedAt: z.number().int().optional(),
  /** The service's allowlist, by its id, that waits for somebody here to accept it. */
  offered: z.string().optional(),
});

const recordSchema = z.discriminatedUnion('state', [making, made]);

/** What this gateway itself knows of a share: the on-prem side has the last word with it. */
export type ShareRecord = z.infer<typeof recordSchema>;
export type MakingRecord = z.infer<typeof making>;
export type MadeRecord = z.infer<typeof made>;

export interface ShareRecords {
  read(id: string): Promise<ShareRecord | undefined>;
  write(record: ShareRecord): Promise<void>;
  remove(id: string): Promise<void>;
  list(): Promise<ShareRecord[]>;
  /** Notes for ever that the share of this key is over, so that nobody can have it served again. */
  noteOver(key: string): Promise<void>;
  isOver(key: string): Promise<boolean>;
  /** Changes when the record does; undefined when there is none. */
  version(id: string): Promise<string | undefined>;
}

const namePattern = /^[a-z0-9-]{1,64}$/;

function noEntries(error: unknown): string[] {
  if (systemCodeOf(error) === 'ENOENT') return [];
  throw error;
}

/** One file a share, mode 0600; written by the command line and by `run`, read by `run` on every request. */
export function shareRecordFiles(stateDir: string): ShareRecords {
  const folder = join(stateDir, 'shares');
  const overFolder = join(stateDir, 'ended-shares');
  const pathOf = (id: string) => join(folder, `${id}.json`);

  async function read(id: string): Promise<ShareRecord | undefined> {
    // The id comes from outside: it must not lead out of the folder.
    if (!namePattern.test(id)) return undefined;
    try {
      const parsed = recordSchema.safeParse(JSON.parse(await readFile(pathOf(id), 'utf8')));
      return parsed.success ? parsed.data : undefined;
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  return {
    read,
    async write(record) {
      await makePrivateFolder(folder);
      await writeAtomically(pathOf(record.id), `${JSON.stringify(record)}\n`);
    },
    remove: (id) => removeFile(pathOf(id)),
    async list() {
      const names = await readdir(folder).catch(noEntries);
      const found = await Promise.all(
        names
          .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
          .map((name) => read(name.slice(0, -5))),
      );
      return found.filter((record) => record !== undefined);
    },
    async noteOver(key) {
      await makePrivateFolder(overFolder);
      await writeAtomically(join(overFolder, key), '');
    },
    async isOver(key) {
      if (!namePattern.test(key)) return false;
      return (await readdir(overFolder).catch(noEntries)).includes(key);
    },
    async version(id) {
      if (!namePattern.test(id)) return undefined;
      try {
        const { mtimeMs, ino, size } = await stat(pathOf(id));
        return `${mtimeMs} ${ino} ${size}`;
      } catch (error) {
        if (systemCodeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    },
  };
}
