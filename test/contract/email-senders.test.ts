import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCommunicationEmailSender } from '../../shared/email/communication-email-sender.ts';
import { createMailboxEmailSender } from '../../shared/email/mailbox-email-sender.ts';
import { listMailbox } from '../../shared/email/mailbox-folder.ts';
import { createSmtpEmailSender } from '../../shared/email/smtp-email-sender.ts';
import { startLoopbackCommunication, type LoopbackCommunication } from '../support/loopback-communication.ts';
import { from } from '../unit/email/email-samples.ts';
import { LoopbackSmtpServer } from '../unit/email/loopback-smtp-server.ts';
import { emailSenderContract } from './email-sender.contract.ts';

emailSenderContract('the mailbox', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'drawbridge-mail-'));
  const folder = join(parent, 'mail');
  return {
    sender: createMailboxEmailSender({ folder, from, clock: { now: () => Date.UTC(2026, 5, 1) } }),
    arrived: async () => (await listMailbox(folder)).map(({ subject }) => subject),
    breakDown: () => writeFile(folder, 'in the way'),
    dispose: () => rm(parent, { recursive: true }),
  };
});

emailSenderContract('SMTP', async () => {
  const server = new LoopbackSmtpServer({});
  const port = await server.start();
  return {
    sender: createSmtpEmailSender({ url: `smtp://127.0.0.1:${port}`, from }),
    arrived: async () => server.mails.map((mail) => /^Subject: (.*)\r$/m.exec(mail)?.[1] ?? ''),
    breakDown: () => server[Symbol.asyncDispose](),
    dispose: () => server[Symbol.asyncDispose](),
  };
});

describe('with the real SDK', () => {
  let azure: LoopbackCommunication;
  // One for all: this process keeps a token of its identity.
  beforeAll(async () => {
    azure = await startLoopbackCommunication();
  });
  afterAll(() => azure.close());

  emailSenderContract('Communication Services', async () => {
    azure.reset();
    return {
      sender: createCommunicationEmailSender({ endpoint: azure.endpoint, clientId: undefined, from }),
      arrived: async () => azure.state.emails.map(({ content }) => content.subject),
      breakDown: async () => {
        azure.state.trouble = { kind: 'dead' };
      },
      dispose: async () => {},
    };
  });
});
