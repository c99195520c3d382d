import { link, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { instantSchema } from '../store/document-fields.ts';
import { errnoCode } from './errno-code.ts';

const mailboxMessageSchema = z.object({
  /** 32 hexadecimal digits. */
  id: z.string().regex(/^[0-9a-f]{32}$/),
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  /** Empty for an SMS. */
  html: z.string(),
  /** RFC 3339, UTC. */
  date: instantSchema,
});

/** One mail, or SMS, in the mailbox of the one-machine runtime. */
export type MailboxMessage = Readonly<z.infer<typeof mailboxMessageSchema>>;

/**
 * Puts a message there once: the name of its JSON is claimed in one step, so that several processes, or a process
 * killed half way, leave one.
 * @param eml the same for mail programs, where it is an e-mail
 */
export async function putMail(
  folder: string,
  mail: MailboxMessage,
  eml?: () => Promise<Buffer>,
): Promise<void> {
  const path = join(folder, `${mail.id}.json`);
  const there = await stat(path).catch((error: unknown) => {
    if (errnoCode(error) !== 'ENOENT') throw error;
  });
  if (there) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const composed = await eml?.();
  // One temporary name for each attempt: two processes may be at it at once.
  const temporary = join(folder, `${mail.id}.${crypto.randomUUID()}.part`);
  try {
    if (composed) {
      await writeFile(temporary, composed, { mode: 0o600 });
      await rename(temporary, join(folder, `${mail.id}.eml`));
    }
    await writeFile(temporary, JSON.stringify(mail), { mode: 0o600 });
    // The folder is listed by this time, without opening every file.
    const date = new Date(mail.date);
    await utimes(temporary, date, date);
    await link(temporary, path).catch((error: unknown) => {
      if (errnoCode(error) !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

/** The newest mails, newest first; none if nothing was ever sent. @param limit 1 to 1000 */
export async function listMailbox(folder: string, limit = 200): Promise<MailboxMessage[]> {
  const names = (await readdir(folder).catch(emptyIfMissing)).filter((name) =>
    /^[0-9a-f]{32}\.json$/.test(name),
  );
  const dated = await Promise.all(
    names.map(async (name) => ({ name, ...(await times(join(folder, name))) })),
  );
  // The sender sets the modification time to the mail's date; the change time tells mails of one moment apart.
  dated.sort(
    (a, b) => compare(b.sent, a.sent) || compare(b.arrived, a.arrived) || (a.name < b.name ? -1 : 1),
  );
  const newest = dated.slice(0, Math.min(Math.max(limit, 1), 1000));
  const mails = await Promise.all(newest.map(({ name }) => readMail(join(folder, name))));
  return mails.filter((mail) => mail !== undefined);
}

/** One mail; undefined if there is none with that id, or the id is none. */
export async function readMailbox(folder: string, id: string): Promise<MailboxMessage | undefined> {
  return /^[0-9a-f]{32}$/.test(id) ? readMail(join(folder, `${id}.json`)) : undefined;
}

/** A file that a person deleted or damaged is passed over. */
async function readMail(path: string): Promise<MailboxMessage | undefined> {
  try {
    return mailboxMessageSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

async function times(path: string): Promise<{ sent: bigint; arrived: bigint }> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return { sent: found?.mtimeNs ?? 0n, arrived: found?.ctimeNs ?? 0n };
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

function emptyIfMissing(error: unknown): string[] {
  if (errnoCode(error) === 'ENOENT') return [];
  throw error;
}
