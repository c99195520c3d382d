import { createSmtpEmailSender } from '../../../shared/email/smtp-email-sender.ts';
import { parseSmtpUrl } from '../../../shared/email/smtp-url.ts';
import { from, message } from './email-samples.ts';
import { loopbackCertificate } from './loopback-certificate.ts';
import { LoopbackSmtpServer, type SmtpScript } from './loopback-smtp-server.ts';

async function loopback(script: SmtpScript = {}, { query = '', userinfo = '', ca }: Settings = {}) {
  const server = new LoopbackSmtpServer(script);
  const port = await server.start();
  const sender = createSmtpEmailSender({
    url: `smtp://${userinfo}127.0.0.1:${port}${query}`,
    from,
    ...(ca !== undefined && { ca }),
  });
  return Object.assign(server, { sender });
}

interface Settings {
  readonly query?: string;
  readonly userinfo?: string;
  readonly ca?: string;
}

describe('mail sent by SMTP', () => {
  it('arrives with both parts, its date and a Message-ID made from the operation id', async () => {
    await using server = await loopback();
    expect(await server.sender.send(message('invitation-1'))).toEqual({ status: 'sent' });
    expect(server.commands).toEqual(
      expect.arrayContaining(['MAIL FROM:<no-reply@drawbridge.example>', 'RCPT TO:<ann@example.com>']),
    );
    const [mail = ''] = server.mails;
    expect(mail).toMatch(/^Message-ID: <[0-9a-f]{32}@drawbridge\.example>\r$/m);
    expect(mail).toMatch(/^Date: .* \+0000\r$/m);
    expect(mail).toMatch(/^Subject: =\?UTF-8\?Q\?Gr=C3=BC=C3=9Fe\?=\r$/m);
    expect(mail).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(mail).toContain('text/plain');
    expect(mail).toContain('<p>Hello.</p>');
  });

  it('is sent once however often, and however concurrently, it is asked for', async () => {
    await using server = await loopback();
    const once = message('operation-1');
    await Promise.all([server.sender.send(once), server.sender.send(once)]);
    expect(await server.sender.send(once)).toEqual({ status: 'sent' });
    expect(server.mails).toHaveLength(1);
    await server.sender.send(message('operation-2'));
    expect(server.mails).toHaveLength(2);
  });

  it('after a lost answer goes out again under the same Message-ID', async () => {
    await using server = await loopback({ hangUpAt: '.' });
    await using healed = await loopback();
    expect(await server.sender.send(message('operation-1'))).toMatchObject({ status: 'deferred' });
    expect(await server.sender.send(message('operation-1'))).toMatchObject({ status: 'deferred' });
    expect(server.commands.filter((command) => command === 'DATA')).toHaveLength(2);
    await healed.sender.send(message('operation-1'));
    const other = await loopback();
    await using _ = other;
    await other.sender.send(message('operation-1'));
    const id = (mail = '') => /^Message-ID: (.*)\r$/m.exec(mail)?.[1];
    expect(id(healed.mails[0])).toBe(id(other.mails[0]));
  });

  it.each([
    [
      'an unknown mailbox',
      { RCPT: '550 5.1.1 <ann@example.com> unknown' },
      'rejected',
      'smtp: 550 5.1.1 at RCPT TO',
    ],
    [
      'a refused message',
      { '.': '554 5.7.1 ann@example.com dislikes it' },
      'rejected',
      'smtp: 554 5.7.1 at DATA',
    ],
    ['greylisting', { RCPT: '451 4.7.1 later, ann@example.com' }, 'deferred', 'smtp: 451 4.7.1 at RCPT TO'],
    ['a full mailbox', { RCPT: '552 5.2.2 full' }, 'deferred', 'smtp: 552 5.2.2 at RCPT TO'],
    ['a refused sender', { MAIL: '550 5.7.1 not from you' }, 'deferred', 'smtp: 550 5.7.1 at MAIL FROM'],
    ['a busy server', { EHLO: '421 busy', HELO: '421 busy' }, 'deferred', 'smtp: 421 at EHLO'],
  ])('meeting %s says so without naming the person', async (_, answers, status, reason) => {
    await using server = await loopback({ answers });
    const outcome = await server.sender.send(message('operation-1'));
    expect(outcome).toEqual({ status, reason });
    expect(JSON.stringify(outcome)).not.toContain('ann');
    expect(server.mails).toHaveLength(0);
  });

  it('waits when nobody listens, and when our own password is wrong', async () => {
    const closed = await loopback();
    await closed[Symbol.asyncDispose]();
    expect(await closed.sender.send(message('operation-1'))).toEqual({
      status: 'deferred',
      reason: 'smtp: ESOCKET',
    });
    await using strict = await loopback({ answers: { AUTH: '535 5.7.8 no' } }, { userinfo: 'u:secret@' });
    const outcome = await strict.sender.send(message('operation-1'));
    expect(outcome).toMatchObject({
      status: 'deferred',
      reason: 'smtp: 535 5.7.8',
    });
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });

  it('goes over STARTTLS to a server whose certificate is trusted', async () => {
    await using server = await loopback(
      { startTls: true },
      { query: '?tls=starttls', ca: loopbackCertificate, userinfo: 'u:secret@' },
    );
    expect(await server.sender.send(message('operation-1'))).toEqual({ status: 'sent' });
    expect(server.mails).toHaveLength(1);
    expect(server.commands.indexOf('STARTTLS')).toBeLessThan(
      server.commands.findIndex((command) => command.startsWith('AUTH')),
    );
  });

  it.each([
    ['does not offer STARTTLS', { startTls: false }, { ca: loopbackCertificate }],
    ['has a certificate of nobody we know', { startTls: true }, {}],
  ])('tells neither password nor mail to a server that %s', async (_, script, trust) => {
    await using server = await loopback(script, {
      query: '?tls=starttls',
      userinfo: 'u:secret@',
      ...trust,
    });
    expect(await server.sender.send(message('operation-1'))).toMatchObject({ status: 'deferred' });
    expect(server.commands.join('\n')).not.toMatch(/^(AUTH|MAIL)/m);
    expect(server.mails).toHaveLength(0);
  });

  it('refuses an operation id that is none', async () => {
    await using server = await loopback();
    await expect(server.sender.send(message('two words'))).rejects.toThrow(TypeError);
  });
});

describe('SMTP_URL', () => {
  it.each([
    ['smtps://user:p%40ss@mail.example', 465, 'implicit'],
    ['smtp://user:p%40ss@mail.example', 587, 'starttls'],
    ['smtp://user:p%40ss@mail.example:25', 25, 'starttls'],
  ])('%s is read', (url, port, tls) => {
    expect(parseSmtpUrl(url)).toEqual({
      host: 'mail.example',
      port,
      tls,
      auth: { user: 'user', pass: 'p@ss' },
    });
  });

  it.each([
    ['smtp://localhost:1025', { host: 'localhost', port: 1025, tls: 'none' }],
    ['smtp://[::1]:1025', { host: '::1', port: 1025, tls: 'none' }],
    ['smtp://mailpit:1025?tls=none', { host: 'mailpit', port: 1025, tls: 'none' }],
  ])('%s goes in the clear', (url, server) => {
    expect(parseSmtpUrl(url)).toEqual(server);
  });

  it.each([
    ['http://mail.example'],
    ['smtp:'],
    ['mail.example:25'],
    ['smtps://mail.example?tls=none'],
    ['smtp://user:secret@mail.example?tls=none'],
    ['smtp://user:secret@mail.example?tls.rejectUnauthorized=false'],
  ])('%s is refused, without repeating a password', (url) => {
    expect(() => parseSmtpUrl(url)).toThrow(/^(?!.*secret)SMTP_URL /);
  });
});
