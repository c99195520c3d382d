import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { emailAddress } from '../../../shared/email/email-address.ts';
import { createMailboxEmailSender } from '../../../shared/email/mailbox-email-sender.ts';
import { listMailbox, readMailbox } from '../../../shared/email/mailbox-folder.ts';
import { from, message } from './email-samples.ts';

let parent: string;
let folder: string;
let now = Date.UTC(2026, 10, 21, 7, 12);
const clock = { now: () => now };
const sender = () => createMailboxEmailSender({ folder, from, clock });

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'mailbox-'));
  folder = join(parent, 'mail');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

describe('the mailbox', () => {
  it('is empty before the first mail', async () => {
    expect(await listMailbox(folder)).toEqual([]);
  });

  it('keeps each mail for mail programs and for us', async () => {
    expect(await sender().send(message('operation-1'))).toEqual({ status: 'sent' });
    const [mail] = await listMailbox(folder);
    const id = mail?.id ?? '';
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(mail).toEqual({
      id,
      to: 'ann@example.com',
      subject: 'Grüße',
      text: 'Hello.\n',
      html: '<p>Hello.</p>',
      date: '2026-11-21T07:12:00.000Z',
    });
    expect((await readdir(folder)).sort()).toEqual([`${id}.eml`, `${id}.json`]);
    const eml = await readFile(join(folder, `${id}.eml`), 'utf8');
    expect(eml).toMatch(/^To: ann@example\.com\r$/m);
    expect(eml).toMatch(/^From: Drawbridge <no-reply@drawbridge\.example>\r$/m);
    expect(await readMailbox(folder, id)).toEqual(mail);
    expect(await readMailbox(folder, `../mail/${id}`)).toBeUndefined();
    expect((await stat(join(folder, `${id}.json`))).mode & 0o077).toBe(0);
  });

  it('holds one mail for one operation, however often and from however many senders it comes', async () => {
    const senders = Array.from({ length: 8 }, sender);
    const outcomes = await Promise.all(senders.map((each) => each.send(message('operation-1'))));
    expect(outcomes).toEqual(outcomes.map(() => ({ status: 'sent' })));
    now += 1000;
    await sender().send(message('operation-1', { subject: 'again' }));
    expect(await listMailbox(folder)).toMatchObject([{ subject: 'Grüße', date: '2026-11-21T07:12:00.000Z' }]);
    expect(await readdir(folder)).toHaveLength(2);
    await sender().send(message('operation-2'));
    expect(await listMailbox(folder)).toHaveLength(2);
  });

  it('lists the newest first, also of one moment, and not more than asked', async () => {
    for (const subject of ['first', 'second', 'third', 'fourth']) {
      if (subject !== 'third') now += 1000;
      await sender().send(message(subject, { subject }));
    }
    const subjects = async (limit?: number) =>
      (await listMailbox(folder, limit)).map(({ subject }) => subject);
    expect(await subjects()).toEqual(['fourth', 'third', 'second', 'first']);
    expect(await subjects(2)).toEqual(['fourth', 'third']);
  });

  it('passes over a damaged file', async () => {
    await sender().send(message('operation-1'));
    await writeFile(join(folder, `${'0'.repeat(32)}.json`), '{');
    expect(await listMailbox(folder)).toHaveLength(1);
  });

  it('says when the folder cannot be written', async () => {
    await writeFile(folder, 'in the way');
    expect(await sender().send(message('operation-1'))).toEqual({
      status: 'deferred',
      reason: 'mailbox folder: ENOTDIR',
    });
  });

  it('lets nothing in a subject or name become a header', async () => {
    const line = fc.string({
      unit: fc.constantFrom('\r', '\n', ':', ' ', 'a', 'ü', '<', '>', ',', '"', '\u2028'),
    });
    await fc.assert(
      fc.asyncProperty(line, line, fc.uuid(), async (subject, name, operationId) => {
        const hostile = `x${name.replace(/[<>"]/g, '')}\r\nBcc: evil <no-reply@drawbridge.example>`;
        const box = createMailboxEmailSender({ folder, from: hostile, clock });
        await box.send(
          message(operationId, {
            subject: `${subject}\r\nBcc: evil@example.com\r\n\r\nbody`,
            replyTo: emailAddress('bob@example.com'),
          }),
        );
        const [mail] = await listMailbox(folder, 1);
        const eml = await readFile(join(folder, `${mail?.id ?? ''}.eml`), 'utf8');
        const headers = eml
          .slice(0, eml.indexOf('\r\n\r\n'))
          .replace(/\r\n[ \t]+/g, ' ')
          .split('\r\n');
        expect(headers.map((header) => header.split(':')[0]).sort()).toEqual([
          'Auto-Submitted',
          'Content-Type',
          'Date',
          'From',
          'MIME-Version',
          'Message-ID',
          'Reply-To',
          'Subject',
          'To',
        ]);
        expect(headers).toContain('To: ann@example.com');
        now += 1000;
      }),
      { numRuns: 50 },
    );
  });
});
