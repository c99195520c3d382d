import { asking, bodyText, get, noon, post, postJson, type RuleWithoutId } from './asking.ts';

/** A dashboard that calls little. Everything below tries to get something else from it. */
const dashboard: RuleWithoutId[] = [
  { method: 'GET', path: ['graph'] },
  { method: 'GET', path: ['api', 'v1', 'query'], query: [{ name: 'query', value: 'up' }] },
  {
    method: 'GET',
    path: ['api', 'v1', 'label', { text: { characters: 'text', max: 40 } }, 'values'],
    query: [{ name: 'filter', value: { text: { characters: 'text', max: 40 } }, optional: true }],
  },
  {
    method: 'GET',
    path: ['api', 'v1', 'series'],
    query: [{ name: 'match[]', each: { value: { oneOf: ['up', 'node_load1'] }, min: 1, max: 2 } }],
  },
  { method: 'POST', path: ['api', 'refresh'] },
  {
    method: 'POST',
    path: ['api', 'values'],
    body: {
      kind: 'json',
      contentType: 'application/json',
      json: {
        object: {
          elementId: 101,
          minutes: { integer: { min: 1, max: 60 } },
          note: { string: { text: { characters: 'text', max: 20 } } },
        },
        optional: ['note'],
      },
    },
  },
  {
    method: 'POST',
    path: ['api', 'form'],
    body: {
      kind: 'form',
      contentType: 'application/x-www-form-urlencoded',
      form: [{ name: 'id', value: '7' }],
    },
  },
];
const { ask, admitted, refused } = asking(dashboard);
const json = { elementId: 101, minutes: 5 };

test('the dashboard itself works', () => {
  for (const target of [
    '/graph',
    '/api/v1/query?query=up',
    '/api/v1/label/job/values',
    '/api/v1/series?match[]=up',
  ]) {
    expect(ask(get(target)).admitted).toBe(true);
  }
  expect(admitted(postJson('/api/values', json)).body).toEqual(Buffer.from('{"elementId":101,"minutes":5}'));
  expect(admitted({ method: 'POST', target: '/api/refresh' })).toEqual({
    ruleId: 'r5',
    method: 'POST',
    target: '/api/refresh',
  });
  expect(bodyText(admitted(post('/api/form', 'application/x-www-form-urlencoded', 'id=7')))).toBe('id=7');
});

const evasions: Record<string, readonly string[]> = {
  'double and triple encoding': [
    '/api/v1/label/%2561dmin/values',
    '/api/v1/label/%252e%252e/values',
    '/api/v1/label/%25252e%25252e/values',
    '/api/v1/label/job%252f..%252f..%252fadmin/values',
    '/%2567raph',
    '/api/v1/query?query=%2575p',
    '/api/v1/query?%2571uery=up',
  ],
  'encoded separators': [
    '/api%2fv1/query?query=up',
    '/api/v1/label/a%2fb/values',
    '/api/v1/label/a%2Fb/values',
    '/api/v1/label/a%5cb/values',
    '/api/v1/label/a%5Cb/values',
    '/graph%3fquery=up',
    '/api/v1%2f%2e%2e%2fadmin',
    '/graph%23/../admin',
    '/api/v1/query%3Fquery=up',
  ],
  'NUL, line ends and other controls': [
    '/graph%00',
    '/graph%00.js',
    '/api/v1/label/a%00b/values',
    '/api/v1/label/a%0d%0aX-Injected:%201/values',
    '/api/v1/label/a%0a/values',
    '/api/v1/label/%7f/values',
    '/api/v1/label/%c2%85/values',
    '/api/v1/label/%e2%80%a8/values',
    '/api/v1/label/%ef%bb%bfjob/values',
    '/api/v1/label/job/values?filter=a%00b',
    '/api/v1/label/job/values?filter=a%0d%0aSet-Cookie:%20x',
    '/api/v1/label/job/values?filter=a%08',
    '/graph\r\nHost: evil',
    '/graph\t',
    '/graph\0',
  ],
  'dot segments': [
    '/./graph',
    '/api/../graph',
    '/graph/..',
    '/graph/.',
    '/%2e/graph',
    '/api/%2e%2e/graph',
    '/api/.%2e/graph',
    '/api/%2E./graph',
    '/api/v1/label/../values',
    '/api/v1/label/%2e%2e/values',
    '/api/v1/label/..%2f..%2fadmin/values',
    '/api/v1/label/..%5c..%5cadmin/values',
    '/api/v1/label/..;/values',
    '/api/v1/label/..;a=b/values',
    '/api/v1/label/%2e%2e;/values',
  ],
  'empty segments': [
    '//graph',
    '/graph/',
    '/graph//',
    '/api//v1/query?query=up',
    '/api/v1/label//values',
    '///',
    '//evil.example/graph',
  ],
  'path parameters': [
    '/graph;jsessionid=1',
    '/graph;',
    '/;/graph',
    '/api;x=1/v1/query?query=up',
    '/api/v1/label/job;admin/values',
    '/api/v1/label/job%3badmin/values',
    '/graph%3B',
  ],
  'letter case': [
    '/GRAPH',
    '/Graph',
    '/API/v1/query?query=up',
    '/api/v1/query?Query=up',
    '/api/v1/query?query=UP',
    '/api/V1/query?query=up',
  ],
  'absolute form and authority': [
    'http://localhost/graph',
    'https://evil.example/graph',
    'evil.example/graph',
    '@evil.example/graph',
    '/@evil.example//',
    'evil.example:80',
    '*',
    '',
    '?query=up',
    '#',
    '/graph#admin',
    '/graph#',
    '\\graph',
    '/\\evil.example/graph',
    '/graph\\..\\admin',
    'javascript:alert(1)',
    ' /graph',
    '/graph ',
    '/graph HTTP/1.1',
  ],
  'overlong and invalid UTF-8': [
    '/gr%c1%a1ph',
    '/api/v1/label/%c0%ae%c0%ae/values',
    '/api/v1/label/a%c0%afb/values',
    '/api/v1/label/a%e0%80%afb/values',
    '/api/v1/label/a%f0%80%80%afb/values',
    '/api/v1/label/%ff/values',
    '/api/v1/label/%80/values',
    '/api/v1/label/%c3/values',
    '/api/v1/label/%ed%a0%80/values',
    '/api/v1/label/%f4%90%80%80/values',
    '/api/v1/label/%/values',
    '/api/v1/label/%2/values',
    '/api/v1/label/%zz/values',
    '/api/v1/label/%u002e/values',
    '/graph%',
    '/api/v1/label/é/values',
    '/api/v1/label/job/values?filter=%c0%80',
    '/api/v1/label/job/values?filter=%',
    '/api/v1/label/job/values?filter=é',
  ],
  'normal forms and homoglyphs': [
    '/gra\uFF50h',
    '/gr%D0%B0ph',
    '/api/v1/query?query=%D1%83%D1%80',
    '/api/v1/label/%EF%BC%8F/values',
    '/api/v1/label/%EF%BC%8E%EF%BC%8E/values',
    '/api/v1/label/%E2%80%A5/values',
    '/api/v1/label/a%EF%BC%BCb/values',
    '/api/v1/label/e%CC%81/values',
    '/api/v1/label/%E2%80%AEjob/values',
    '/api/v1/query?query=u%EF%BD%90',
    '/api/v1/query?query=up%E2%80%8B',
  ],
  'repeated, listed and missing parameters': [
    '/api/v1/query?query=up&query=up',
    '/api/v1/query?query=secret&query=up',
    '/api/v1/query?query=up&query=secret',
    '/api/v1/query?query[]=up',
    '/api/v1/query?query%5B%5D=up',
    '/api/v1/query?query[0]=up',
    '/api/v1/query?query=up;query=secret',
    '/api/v1/query?query=up;',
    '/api/v1/query?query=up&extra=1',
    '/api/v1/query?query=up&extra',
    '/api/v1/query?query=up&=',
    '/api/v1/query?=up',
    '/api/v1/query?query',
    '/api/v1/query?query=',
    '/api/v1/query?',
    '/api/v1/query',
    '/api/v1/query?query=up,secret',
    '/api/v1/query?query=up%26query=secret',
    '/api/v1/query?query%3Dup',
    '/api/v1/query?que%72y=up%20',
    '/api/v1/query?query.=up',
    '/api/v1/query?%20query=up',
    '/api/v1/query?query%00=up',
    '/api/v1/query?__proto__=1&query=up',
    '/api/v1/query?__proto__[query]=up',
    '/api/v1/query?constructor[prototype]=1&query=up',
    '/api/v1/series?match[]=up&match[]=up&match[]=up',
    '/api/v1/series?match[]=secret',
    '/api/v1/series?match[]=up&match[]=secret',
    '/api/v1/series?match[0]=up',
    '/api/v1/series?match=up',
    '/graph?x=1',
    '/graph?x',
    '/graph?query=up',
  ],
  'plus and space': [
    '/api/v1/query?query=+up',
    '/api/v1/query?query=up+',
    '/api/v1/query?query=up%20',
    '/api/v1/query?+query=up',
    '/gr+aph',
    '/api+/v1/query?query=up',
  ],
  'method in a parameter': [
    '/graph?_method=DELETE',
    '/api/v1/query?query=up&_method=DELETE',
    '/api/v1/query?query=up&_METHOD=DELETE',
    '/api/v1/query?query=up&X-HTTP-Method-Override=PUT',
    '/api/v1/query?query=up&%5fmethod=PUT',
  ],
  'what the product behind may serve': [
    '/admin',
    '/api/v1/admin/tsdb/delete_series',
    '/debug/pprof/',
    '/graph/../../etc/passwd',
    '/.git/config',
    '/',
  ],
};

describe.each(Object.entries(evasions))('%s', (_class, targets) => {
  test.each(targets)('%j is refused', (target) => {
    expect(refused(get(target)).difference).toMatch(/\.$/);
  });
});

describe('methods', () => {
  test.each([
    'HEAD',
    'POST',
    'PUT',
    'DELETE',
    'PATCH',
    'OPTIONS',
    'get',
    'Get',
    'GET ',
    'TRACE',
    'CONNECT',
    'PROPFIND',
    'BREW',
    '',
  ])('%j is not GET', (method) => {
    refused({ method, target: '/graph' });
  });
});

describe('bodies', () => {
  const form = 'application/x-www-form-urlencoded';
  const utf16 = Buffer.from(`\ufeff${JSON.stringify(json)}`, 'utf16le');
  const table: Record<string, readonly (readonly [string, string | undefined, string | Uint8Array])[]> = {
    'form against JSON against multipart': [
      ['/api/values', form, 'elementId=101&minutes=5'],
      ['/api/values', form, JSON.stringify(json)],
      ['/api/values', 'text/plain', JSON.stringify(json)],
      ['/api/values', 'application/xml', JSON.stringify(json)],
      ['/api/values', 'application/vnd.api+json', JSON.stringify(json)],
      ['/api/values', 'text/json', JSON.stringify(json)],
      ['/api/values', undefined, JSON.stringify(json)],
      ['/api/values', '', JSON.stringify(json)],
      ['/api/values', 'json', JSON.stringify(json)],
      ['/api/values', 'application/json, text/plain', JSON.stringify(json)],
      ['/api/values', 'application/json;', JSON.stringify(json)],
      ['/api/values', 'application/json; version=2', JSON.stringify(json)],
      ['/api/values', 'multipart/form-data; boundary=x', '--x\r\n\r\n{}\r\n--x--'],
      ['/api/form', 'application/json', '{"id":"7"}'],
      [
        '/api/form',
        'multipart/form-data; boundary=x',
        '--x\r\nContent-Disposition: form-data; name="id"\r\n\r\n7\r\n--x--',
      ],
      ['/api/form', 'text/plain', 'id=7'],
    ],
    'charset and byte order mark': [
      ['/api/values', 'application/json; charset=utf-16', utf16],
      ['/api/values', 'application/json', utf16],
      ['/api/values', 'application/json; charset=ibm037', JSON.stringify(json)],
      ['/api/values', 'application/json; charset=iso-8859-1', JSON.stringify(json)],
      ['/api/values', 'application/json; charset=utf-7', JSON.stringify(json)],
      ['/api/values', 'application/json; charset=utf-8; charset=utf-16', JSON.stringify(json)],
      ['/api/values', 'application/json; charset', JSON.stringify(json)],
      ['/api/values', 'application/json', `\ufeff${JSON.stringify(json)}`],
      [
        '/api/values',
        'application/json',
        Buffer.from([...Buffer.from('{"elementId":101,"minutes":5,"note":"'), 0xff, 0x22, 0x7d]),
      ],
      [
        '/api/values',
        'application/json',
        Buffer.from([...Buffer.from('{"elementId":101,"minutes":5,"note":"'), 0xc0, 0xaf, 0x22, 0x7d]),
      ],
      ['/api/form', `${form}; charset=utf-16`, 'id=7'],
      ['/api/form', form, '\ufeffid=7'],
    ],
    'JSON members': [
      ['/api/values', 'application/json', '{"elementId":102,"minutes":5}'],
      ['/api/values', 'application/json', '{"elementId":101}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":5,"extra":1}'],
      ['/api/values', 'application/json', '{"elementId":101,"elementId":102,"minutes":5}'],
      ['/api/values', 'application/json', '{"elementId":102,"elementId":101,"minutes":5}'],
      ['/api/values', 'application/json', '{"elementId":101,"\\u0065lementId":102,"minutes":5}'],
      ['/api/values', 'application/json', '{"elementId":101,"ElementId":102,"minutes":5}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":5,"__proto__":{"elementId":102}}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":5,"constructor":{"prototype":{}}}'],
      ['/api/values', 'application/json', '{"elementId":"101","minutes":5}'],
      ['/api/values', 'application/json', '{"elementId":[101],"minutes":5}'],
      ['/api/values', 'application/json', '[{"elementId":101,"minutes":5}]'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":null}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":true}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":5}{"elementId":102,"minutes":5}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":5}\0'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":5,}'],
      ['/api/values', 'application/json', '{"elementId":101,/*"minutes":6,*/"minutes":5}'],
      ['/api/values', 'application/json', 'null'],
      ['/api/values', 'application/json', ''],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":5,"note":"a\\u0000b"}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":5,"note":"\\ud800"}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":5,"note":"a\\nb"}'],
    ],
    'big and odd numbers': [
      ['/api/values', 'application/json', '{"elementId":101,"minutes":61}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":0}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":-0}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":5.5}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":1e400}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":1e-400}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":5.00000000000000000001}'],
      ['/api/values', 'application/json', '{"elementId":101.00000000000000000001,"minutes":5}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":05}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":0x5}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":+5}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":18446744073709551621}'],
      ['/api/values', 'application/json', '{"elementId":101,"minutes":Infinity}'],
    ],
    'deep nesting': [
      ['/api/values', 'application/json', `{"elementId":101,"minutes":${'['.repeat(40)}5${']'.repeat(40)}}`],
      ['/api/values', 'application/json', '['.repeat(500_000)],
      ['/api/values', 'application/json', '{"a":'.repeat(200_000)],
    ],
    'form fields': [
      ['/api/form', form, 'id=7&id=7'],
      ['/api/form', form, 'id=8'],
      ['/api/form', form, 'id=7&x=1'],
      ['/api/form', form, 'id=7;x=1'],
      ['/api/form', form, 'id=7&_method=DELETE'],
      ['/api/form', form, 'id=7%00'],
      ['/api/form', form, 'id=7\r\n'],
      ['/api/form', form, 'id'],
      ['/api/form', form, '{"id":"7"}'],
      ['/api/form', form, ''],
    ],
    'bodies where none is expected': [
      ['/api/refresh', form, 'id=7'],
      ['/api/refresh', 'application/json', '{}'],
      ['/api/refresh', undefined, ' '],
    ],
  };

  describe.each(Object.entries(table))('%s', (_class, bodies) => {
    test.each(bodies)('%s %s %j is refused', (target, contentType, body) => {
      refused(post(target, contentType, body));
    });
  });

  test.each(['GET', 'HEAD'])('a body on %s is refused', (method) => {
    expect(
      refused({ method, target: '/graph', contentType: 'text/plain', body: Buffer.from('x') }).code,
    ).toBe('ambiguous');
  });

  test('a body larger than 1 MiB is refused', () => {
    const big = { ...json, note: 'x'.repeat(1_048_576) };
    expect(refused(postJson('/api/values', big)).code).toBe('too-large');
  });

  test.each([
    ['plain', 'application/json', '{"elementId":101,"minutes":5}'],
    ['spaced and in another order', 'application/json;charset=UTF-8', ' {"minutes" : 5,\n "elementId":101}'],
    ['escaped', 'APPLICATION/JSON', '{"\\u0065lementId":101,"minutes":5}'],
    ['oddly written but exact', 'application/json', '{"elementId":1.01e2,"minutes":5.0}'],
  ])('JSON that is %s is written anew', (_name, contentType, body) => {
    const call = admitted(post('/api/values', contentType, body));
    expect(bodyText(call)).toBe('{"elementId":101,"minutes":5}');
    expect(call.contentType).toBe('application/json');
  });
});

describe('headers', () => {
  const with_ = (name: string, value: string) => ({ ...get('/graph'), headers: { [name]: value } });
  test.each([
    ['x-http-method-override', 'DELETE'],
    ['x-http-method', 'GET'],
    ['x-method-override', 'PUT'],
    ['x-original-url', '/admin'],
    ['x-original-uri', '/admin'],
    ['x-rewrite-url', '/admin'],
    ['x-override-url', '/admin'],
    ['connection', 'x-real-ip'],
    ['connection', 'close, authorization'],
    ['connection', 'upgrade'],
    ['upgrade', 'websocket'],
    ['upgrade', 'h2c'],
    ['http2-settings', 'AAMAAABkAAQAAP__'],
    ['content-encoding', 'gzip'],
    ['content-encoding', 'identity, br'],
    ['transfer-encoding', 'gzip, chunked'],
    ['transfer-encoding', 'xchunked'],
    ['trailer', 'x-admin'],
    ['content-range', 'bytes 0-1/2'],
    ['content-length', '5'],
    ['content-length', '0, 5'],
    ['content-length', '+0'],
  ])('%s: %s is refused', (name, value) => {
    expect(refused(with_(name, value)).code).toBe('forbidden-header');
  });

  test('a WebSocket is refused as such, for the owner to see', () => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    expect(refused({ ...get('/graph'), headers })).toMatchObject({
      code: 'upgrade',
      difference: expect.stringContaining('cannot be shared yet') as string,
    });
  });

  test('a length besides a transfer coding is refused', () => {
    const headers = { 'transfer-encoding': 'chunked', 'content-length': '29' };
    expect(refused({ ...postJson('/api/values', json), headers }).code).toBe('forbidden-header');
  });

  test('a telling header that occurs twice is refused', () => {
    expect(refused({ ...get('/graph'), headers: { connection: ['close', 'close'] } }).code).toBe(
      'forbidden-header',
    );
  });

  test.each([
    ['connection', 'keep-alive'],
    ['connection', 'Close'],
    ['content-encoding', 'identity'],
    ['content-length', '0'],
    ['x-original-url', '/graph'],
    ['accept', 'text/html'],
    ['cookie', 'a=b'],
    ['range', 'bytes=0-1'],
  ])('%s: %s changes nothing', (name, value) => {
    expect(admitted(with_(name, value)).target).toBe('/graph');
  });
});

describe('what rules spell out is admitted although slots never admit it', () => {
  const spelled = asking([
    { method: 'GET', path: ['api', 'queues', '/', 'alerts'] },
    { method: 'GET', path: ['job', 'feature%2Fone'] },
    { method: 'GET', path: ['app;v=1', 'page'] },
    { method: 'GET', path: ['proxy', '', 'api'] },
    { method: 'GET', path: ['q'], query: [{ name: 'query', value: 'sum(rate(x[5m]))\n  / 100 * 50%' }] },
    { method: 'GET', path: ['matrix'], query: [{ name: 'a', value: '1;b=2' }] },
  ]);

  test.each([
    ['/api/queues/%2f/alerts', '/api/queues/%2F/alerts'],
    ['/job/feature%252Fone', '/job/feature%252Fone'],
    ['/app;v=1/page', '/app;v=1/page'],
    ['/proxy//api', '/proxy//api'],
    [
      '/q?query=sum(rate(x%5B5m%5D))%0A%20+/+100+*+50%25',
      '/q?query=sum(rate(x%5B5m%5D))%0A%20%20%2F%20100%20*%2050%25',
    ],
    ['/matrix?a=1;b=2', '/matrix?a=1%3Bb%3D2'],
  ])('%s goes as %s', (target, written) => {
    expect(spelled.admitted(get(target)).target).toBe(written);
  });

  test.each([
    '/api/queues///alerts',
    '/api/queues/%252f/alerts',
    '/job/feature%2Fone',
    '/job/feature/one',
    '/app/page',
    '/app%3bv=1/page',
    '/proxy/api',
    '/matrix?a=1&b=2',
  ])('%s is something else', (target) => {
    spelled.refused(get(target));
  });
});

test('free text goes encoded, whatever it holds', () => {
  const text = 'a&b=c;d#e?f/g\\h\'"<>%41+ é';
  const call = admitted(get(`/api/v1/label/job/values?filter=${encodeURIComponent(text)}`));
  expect(new URL(call.target, 'http://on-prem').searchParams.getAll('filter')).toEqual([text]);
});

test('time does not decide on what has no time in it', () => {
  expect(asking(dashboard, noon + 1e12).ask(get('/graph')).admitted).toBe(true);
});
