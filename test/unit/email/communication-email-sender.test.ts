import { createCommunicationEmailSender } from '../../../shared/email/communication-email-sender.ts';
import {
  startLoopbackCommunication,
  type LoopbackCommunication,
} from '../../support/loopback-communication.ts';
import { from, message } from './email-samples.ts';

const clientId = '7c9f6b3e-1d2a-4f5b-8c7d-9e0f1a2b3c4d';

/** The real SDK against a server over TLS that speaks as Communication Services does. */
describe('mail sent by Communication Services', () => {
  let azure: LoopbackCommunication;
  const open = (id = clientId) =>
    createCommunicationEmailSender({ endpoint: azure.endpoint, clientId: id, from });
  beforeAll(async () => {
    azure = await startLoopbackCommunication();
  });
  beforeEach(() => azure.reset());
  afterAll(() => azure.close());

  it('arrives with both parts, from our address, as the managed identity, and nobody is tracked', async () => {
    expect(await open().send(message('invitation-1'))).toEqual({ status: 'sent' });
    const { subject, text, html, to } = message('invitation-1');
    expect(azure.state.emails).toEqual([
      expect.objectContaining({
        senderAddress: 'no-reply@drawbridge.example',
        content: { subject, plainText: text, html },
        recipients: { to: [{ address: to }] },
        headers: { 'Auto-Submitted': 'auto-generated' },
        userEngagementTrackingDisabled: true,
      }),
    ]);
    expect(azure.identity.asked[0]).toEqual({ resource: 'https://communication.azure.com/', clientId });
  });

  it('is followed until the service says what became of it', async () => {
    azure.state.running = 2;
    expect(await open().send(message('invitation-1'))).toEqual({ status: 'sent' });
    expect(azure.state.requests).toEqual([
      'GET /emails/operations/ID',
      'POST /emails:send',
      ...Array<string>(3).fill('GET /emails/operations/ID'),
    ]);
  });

  it('is sent once however often it is asked for, also by another process', async () => {
    for (let count = 0; count < 3; count++)
      expect(await open().send(message('operation-1'))).toEqual({ status: 'sent' });
    expect(azure.state.emails).toHaveLength(1);
    await open().send(message('operation-2'));
    expect(new Set(azure.state.emails.map(({ operationId }) => operationId)).size).toBe(2);
  });

  it('is not sent a second time after an answer was lost', async () => {
    azure.state.trouble = { kind: 'lost-answer' };
    expect(await open().send(message('operation-1'))).toMatchObject({ status: 'deferred' });
    const sent = azure.state.emails.length;
    azure.state.trouble = undefined;
    expect(await open().send(message('operation-1'))).toEqual({ status: 'sent' });
    expect(azure.state.emails).toHaveLength(sent);
  });

  it.each([
    ['a moment of throttling passes unseen', { kind: 'status', status: 429, times: 1 }, 'sent'],
    ['throttling waits', { kind: 'status', status: 429 }, 'deferred'],
    ['an outage waits', { kind: 'status', status: 503, code: 'ServiceUnavailable' }, 'deferred'],
    ['no answer waits', { kind: 'dead' }, 'deferred'],
    [
      'a sender that is not linked waits for the operator',
      { kind: 'status', status: 400, code: 'DomainNotLinked' },
      'deferred',
    ],
    [
      'a role that is missing waits for the operator',
      { kind: 'status', status: 403, code: 'Forbidden' },
      'deferred',
    ],
    [
      'an address that the service does not take is final',
      { kind: 'status', status: 400, code: 'InvalidEmailAddress' },
      'rejected',
    ],
  ] as const)('%s', async (_, trouble, status) => {
    azure.state.trouble = { ...trouble };
    const outcome = await open().send(message('operation-1'));
    expect(outcome.status).toBe(status);
    // The service's words repeat addresses; ours hold codes alone.
    expect(JSON.stringify(outcome)).not.toContain('@');
  });

  it.each([
    ['EmailDroppedAllRecipientsSuppressed', 'rejected'],
    ['InternalServerError', 'deferred'],
  ])('says so when the operation fails later with %s', async (code, status) => {
    azure.state.failure = code;
    expect(await open().send(message('operation-1'))).toEqual({ status, reason: `communication: ${code}` });
  });

  it('waits without an identity, and goes on by itself when there is one again', async () => {
    // Of another identity: this process holds a token of the first.
    const sender = open('0b7c1f8e-5a3d-4d55-9a20-1c9b7f3f4e11');
    azure.identity.out = true;
    expect(await sender.send(message('operation-1'))).toMatchObject({ status: 'deferred' });
    expect(azure.state.emails).toEqual([]);
    azure.identity.out = false;
    expect(await sender.send(message('operation-1'))).toEqual({ status: 'sent' });
  });

  it('refuses a malformed operation id', async () => {
    await expect(open().send(message('two words'))).rejects.toThrow(TypeError);
  });
});
