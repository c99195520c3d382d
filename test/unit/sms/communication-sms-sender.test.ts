import { createCommunicationSmsSender } from '../../../shared/sms/communication-sms-sender.ts';
import { parsePhoneNumber, type PhoneNumber } from '../../../shared/sms/phone-number.ts';
import {
  startLoopbackCommunication,
  type LoopbackCommunication,
} from '../../support/loopback-communication.ts';

const to = parsePhoneNumber('+49 30 1234567') as PhoneNumber;
const message = (operationId: string) => ({ operationId, to, text: 'Your code is 1234.' });

/** The real SDK against a server over TLS that speaks as Communication Services does. */
describe('SMS sent by Communication Services', () => {
  let azure: LoopbackCommunication;
  const open = () =>
    createCommunicationSmsSender({ endpoint: azure.endpoint, clientId: undefined, from: '+15550100' });
  beforeAll(async () => {
    azure = await startLoopbackCommunication();
  });
  beforeEach(() => azure.reset());
  afterAll(() => azure.close());

  it('arrives from our number, as the managed identity', async () => {
    expect(await open().send(message('enrolment-1'))).toEqual({ status: 'sent' });
    expect(azure.state.sms).toMatchObject([
      { from: '+15550100', message: 'Your code is 1234.', smsRecipients: [{ to: '+49301234567' }] },
    ]);
    expect(azure.identity.asked[0]?.resource).toBe('https://communication.azure.com/');
  });

  it('is named the same when it is sent again, by which the service leaves it out', async () => {
    azure.state.trouble = { kind: 'lost-answer' };
    expect(await open().send(message('enrolment-1'))).toMatchObject({ status: 'deferred' });
    azure.state.trouble = undefined;
    expect(await open().send(message('enrolment-1'))).toEqual({ status: 'sent' });
    expect(azure.state.sms).toHaveLength(1);
    await open().send(message('enrolment-2'));
    expect(azure.state.sms).toHaveLength(2);
  });

  it.each([
    [400, 'rejected'],
    [404, 'rejected'],
    [429, 'deferred'],
    [500, 'deferred'],
  ])('to a recipient of whom the service says %i is %s', async (smsStatus, status) => {
    azure.state.smsStatus = smsStatus;
    expect(await open().send(message('enrolment-1'))).toEqual({
      status,
      reason: `communication: recipient ${smsStatus}`,
    });
  });

  it.each([
    ['throttling', { kind: 'status', status: 429 }],
    ['an outage', { kind: 'status', status: 503 }],
    ['no answer', { kind: 'dead' }],
  ] as const)('waits through %s', async (_, trouble) => {
    azure.state.trouble = { ...trouble };
    expect(await open().send(message('enrolment-1'))).toMatchObject({ status: 'deferred' });
    expect(azure.state.sms).toEqual([]);
  });
});
