import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
  linkSync,
  unlinkSync,
} from 'node:fs';
import { z } from 'zod';
import { instant, type Clock, type Random } from '../clock.ts';
import { instantSchema } from '../store/document-fields.ts';
import { secretNames, type Secret, type SecretName, type SecretStore } from './secret-store.ts';

const fileSchema = z.partialRecord(
  z.enum(secretNames),
  z.array(z.object({ version: z.string(), value: z.base64(), createdAt: instantSchema })).min(1),
);
type SecretFile = z.infer<typeof fileSchema>;

/**
 * Secrets in one file that only its owner may read (mode 0600), made on first start.
 * Several processes may share it: the first to write wins, and all see the same.
 */
export function openFileSecretStore({
  file,
  clock,
  random,
}: {
  file: string;
  clock: Clock;
  random: Random;
}): SecretStore & { rotate(name: SecretName): Promise<Secret> } {
  const fresh = () => ({
    version: Buffer.from(random.bytes(9)).toString('base64url'),
    value: Buffer.from(random.bytes(32)).toString('base64'),
    createdAt: instant(clock.now()),
  });

  function read(): SecretFile | undefined {
    try {
      return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      // The content is secret, so the parser's own message, which may quote it, is not passed on.
      throw new Error(`The secrets file ${file} cannot be read or is damaged.`);
    }
  }

  /** Writes a whole file beside it, then gives it the name; `link` fails when another process was first. */
  function write(content: SecretFile, first: boolean): void {
    const temporary = `${file}.${process.pid}.${Buffer.from(random.bytes(6)).toString('hex')}`;
    const handle = openSync(temporary, 'wx', 0o600);
    writeSync(handle, `${JSON.stringify(content, null, 2)}\n`);
    fsyncSync(handle);
    closeSync(handle);
    if (!first) return renameSync(temporary, file);
    try {
      linkSync(temporary, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      unlinkSync(temporary);
    }
  }

  // All names at once, so that the file is written once in its life unless something is rotated.
  if (read() === undefined) {
    write(Object.fromEntries(secretNames.map((name) => [name, [fresh()]])) as SecretFile, true);
  }

  const versions = async (name: SecretName): Promise<readonly Secret[]> => {
    const found = read()?.[name];
    if (!found) throw new Error(`The secrets file ${file} lacks ${name}.`);
    return found.map(({ version, value, createdAt }) => ({
      version,
      value: Buffer.from(value, 'base64'),
      createdAt,
    }));
  };

  return {
    versions,
    async current(name) {
      const [newest] = await versions(name);
      if (!newest) throw new Error(`The secrets file ${file} lacks ${name}.`);
      return newest;
    },
    async version(name, version) {
      return (await versions(name)).find((each) => each.version === version);
    },
    async rotate(name) {
      const content = read() ?? {};
      const added = fresh();
      write({ ...content, [name]: [added, ...(content[name] ?? [])] }, false);
      return { ...added, value: Buffer.from(added.value, 'base64') };
    },
  };
}
