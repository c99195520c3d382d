import fc from 'fast-check';
import {
  isPermittedStatus,
  MessageError,
  parseListenerMessage,
  parseServiceMessage,
  serializeMessage,
} from '../../../shared/tunnel/hybrid-connection-message.ts';

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,15}$/);
const value = fc.stringMatching(/^[\x20-\x7e\x80-\xff]{0,40}$/);
const headers = fc.dictionary(name, value, { noNullPrototype: true });
const id = fc.string({ minLength: 1, maxLength: 64 });
const address = fc.webUrl();
const remoteEndpoint = fc.record({ address: fc.ipV4(), port: fc.nat(65535) });

describe('messages from the service', () => {
  it('read as they were written', () => {
    const accept = fc.record(
      { kind: fc.constant('accept' as const), address, id, connectHeaders: headers, remoteEndpoint },
      { requiredKeys: ['kind', 'address', 'id', 'connectHeaders'], noNullPrototype: true },
    );
    const request = fc.record(
      {
        kind: fc.constant('request' as const),
        address,
        id,
        requestTarget: fc.string().map((text) => `/${text}`),
        method: fc.constantFrom('GET', 'POST', 'PROPFIND'),
        requestHeaders: headers,
        body: fc.boolean(),
        remoteEndpoint,
      },
      {
        requiredKeys: ['kind', 'id', 'requestTarget', 'method', 'requestHeaders', 'body'],
        noNullPrototype: true,
      },
    );
    const rendezvous = fc.record(
      { kind: fc.constant('rendezvous' as const), address },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.oneof(accept, request, rendezvous), (message) => {
        expect(parseServiceMessage(serializeMessage(message))).toEqual(message);
      }),
    );
  });

  it('read as the service writes them, with members that the guide does not name', () => {
    const text = JSON.stringify({
      request: {
        address:
          'wss://g12-prod-by3-010-sb.servicebus.windows.net/$hc/hyco?sb-hc-action=request&sb-hc-id=1_G12',
        id: '1_G12',
        requestTarget: '/hyco',
        method: 'POST',
        remoteEndpoint: { address: '10.0.0.1', port: 62915 },
        requestHeaders: { 'Content-Type': 'application/json', Via: '1.1 ns.servicebus.windows.net' },
        body: true,
        later: { version: 9 },
      },
      also: 1,
    });
    expect(parseServiceMessage(text)).toMatchObject({
      kind: 'request',
      id: '1_G12',
      method: 'POST',
      body: true,
    });
    expect(parseServiceMessage(text)).not.toHaveProperty('later');
  });

  it('that hold an address and no request point to a rendezvous', () => {
    expect(parseServiceMessage('{"request":{"address":"wss://a/$hc/b","id":"1"}}')).toEqual({
      kind: 'rendezvous',
      address: 'wss://a/$hc/b',
    });
  });

  it.each([
    ['no JSON', 'hello'],
    ['an array', '[]'],
    ['null', 'null'],
    ['an unknown command', '{"injectFault":{"delay":"00:01:00"}}'],
    ['a request that is a text', '{"request":"GET /"}'],
    ['a request without an id', '{"request":{"method":"GET","requestTarget":"/","body":false}}'],
    ['a method with a space', '{"request":{"id":"1","method":"GET /x","requestTarget":"/","body":false}}'],
    [
      'a target that is no path',
      '{"request":{"id":"1","method":"GET","requestTarget":"http://x/","body":false}}',
    ],
    ['an accept without an address', '{"accept":{"id":"1","connectHeaders":{}}}'],
  ])('are refused: %s', (_what, text) => {
    expect(() => parseServiceMessage(text)).toThrow(MessageError);
  });
});

describe('messages from a listener', () => {
  it('read as they were written', () => {
    const response = fc.record(
      {
        kind: fc.constant('response' as const),
        requestId: id,
        statusCode: fc.integer({ min: 100, max: 999 }),
        statusDescription: fc.stringMatching(/^[\x21-\x7e][\x20-\x7e]{0,30}$/),
        responseHeaders: headers,
        body: fc.boolean(),
      },
      { requiredKeys: ['kind', 'requestId', 'statusCode', 'responseHeaders', 'body'], noNullPrototype: true },
    );
    const renewToken = fc.record(
      { kind: fc.constant('renewToken' as const), token: id },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.oneof(response, renewToken), (message) => {
        expect(parseListenerMessage(serializeMessage(message))).toEqual(message);
      }),
    );
  });

  it('may give the status as a text, a header as a number, no headers and no description', () => {
    const parsed = parseListenerMessage(
      '{"response":{"requestId":"1","statusCode":"201","statusDescription":null,"responseHeaders":{"age":5},"body":true}}',
    );
    expect(parsed).toEqual({
      kind: 'response',
      requestId: '1',
      statusCode: 201,
      responseHeaders: { age: '5' },
      body: true,
    });
    expect(parseListenerMessage('{"response":{"requestId":"1","statusCode":204}}')).toEqual({
      kind: 'response',
      requestId: '1',
      statusCode: 204,
      responseHeaders: {},
      body: false,
    });
  });

  it('lose header fields and descriptions that HTTP cannot carry', () => {
    const parsed = parseListenerMessage(
      JSON.stringify({
        response: {
          requestId: '1',
          statusCode: 200,
          statusDescription: 'OK\r\nSet-Cookie: a=b',
          responseHeaders: { good: 'yes', split: 'a\r\nb: c', 'no name': 'x', ümlaut: 'x', wide: '😀' },
          body: false,
        },
      }),
    );
    expect(parsed).toEqual({
      kind: 'response',
      requestId: '1',
      statusCode: 200,
      responseHeaders: { good: 'yes' },
      body: false,
    });
  });

  it('do not reach the prototype', () => {
    const text =
      '{"response":{"requestId":"1","statusCode":200,"responseHeaders":{"__proto__":"x"},"body":false}}';
    expect(parseListenerMessage(text)).toEqual({
      kind: 'response',
      requestId: '1',
      statusCode: 200,
      responseHeaders: {},
      body: false,
    });
  });

  it.each([
    ['a request', '{"request":{"id":"1"}}'],
    ['a status of two digits', '{"response":{"requestId":"1","statusCode":20,"body":false}}'],
    ['a status that is a word', '{"response":{"requestId":"1","statusCode":"OK","body":false}}'],
    ['a status with a fraction', '{"response":{"requestId":"1","statusCode":200.5,"body":false}}'],
    [
      'headers in a list',
      '{"response":{"requestId":"1","statusCode":200,"responseHeaders":["a"],"body":false}}',
    ],
    [
      'a header that is an object',
      '{"response":{"requestId":"1","statusCode":200,"responseHeaders":{"a":{}},"body":false}}',
    ],
    ['a body that is not a flag', '{"response":{"requestId":"1","statusCode":200,"body":"yes"}}'],
    ['no request id', '{"response":{"statusCode":200,"body":false}}'],
    [
      'header fields of more than 32 kB',
      JSON.stringify({
        response: {
          requestId: '1',
          statusCode: 200,
          responseHeaders: { a: 'x'.repeat(33 * 1024) },
          body: false,
        },
      }),
    ],
    ['a token that is a number', '{"renewToken":{"token":1}}'],
  ])('are refused: %s', (_what, text) => {
    expect(() => parseListenerMessage(text)).toThrow(MessageError);
  });

  it('never say in an error what they held', () => {
    expect(() => parseListenerMessage('{"renewToken":{"token":{"secret":"hunter2"}}}')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') as string }) as Error,
    );
  });
});

it.each([
  [200, true],
  [304, true],
  [500, true],
  [503, true],
  [502, false],
  [504, false],
  [101, false],
  [600, false],
])('status %i may be sent by a listener: %s', (status, permitted) => {
  expect(isPermittedStatus(status)).toBe(permitted);
});
