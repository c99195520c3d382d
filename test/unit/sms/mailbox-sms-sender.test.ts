import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listMailbox } from '../../../shared/email/mailbox-folder.ts';
import { createMailboxSmsSender } from '../../../shared/sms/mailbox-sms-sender.ts';
import { maskPhoneNumber, parsePhoneNumber, type PhoneNumber } from '../../../shared/sms/phone-number.ts';

const to = parsePhoneNumber('+49301234567') as PhoneNumber;

describe('a telephone number', () => {
  it.each([
    ['+49 30 1234567', '+49301234567'],
    ['+49 (30) 123-45.67', '+49301234567'],
    ['0049 30 1234567', '+49301234567'],
    [' +1 555 0100 ', '+15550100'],
    ['030 1234567', undefined],
    ['+0 30 1234567', undefined],
    ['+49', undefined],
    ['+1234567890123456', undefined],
    ['+49 30 12345x7', undefined],
    ['+49 30 123456７', undefined],
    ['', undefined],
    ['+'.repeat(50), undefined],
  ])('%s is read as %s', (typed, number) => {
    expect(parsePhoneNumber(typed)).toBe(number);
  });

  it('is masked for strangers and logs', () => {
    expect(maskPhoneNumber(to)).toBe('+49***67');
  });
});

describe('SMS on one machine', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drawbridge-sms-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const sender = (at = folder) =>
    createMailboxSmsSender({ folder: at, clock: { now: () => Date.UTC(2026, 5, 1) } });

  it('lie in the mailbox, each once', async () => {
    const message = { operationId: 'enrolment-1', to, text: 'Your code is 1234.' };
    await Promise.all([sender().send(message), sender().send(message)]);
    expect(await sender().send(message)).toEqual({ status: 'sent' });
    expect(await listMailbox(folder)).toMatchObject([
      { to, subject: 'SMS', text: 'Your code is 1234.', html: '', date: '2026-06-01T00:00:00.000Z' },
    ]);
  });

  it('wait where the folder cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    expect(await sender(join(folder, 'file')).send({ operationId: 'x', to, text: 'x' })).toMatchObject({
      status: 'deferred',
    });
  });
});
