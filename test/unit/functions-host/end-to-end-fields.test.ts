import { endToEndFields } from '../../../local/functions-host/end-to-end-fields.ts';
import { requestFields } from '../../../local/functions-host/http-exchange.ts';

describe('the fields that travel on', () => {
  test.each<[why: string, given: string[], kept: string[]]>([
    [
      'keep order, case and repetition',
      ['X-A', '1', 'x-b', '2', 'X-A', '3'],
      ['X-A', '1', 'x-b', '2', 'X-A', '3'],
    ],
    [
      'leave out what RFC 9110 names',
      ['Keep-Alive', 'x', 'TE', 'x', 'Trailer', 'x', 'Transfer-Encoding', 'x'],
      [],
    ],
    [
      'leave out what concerns a proxy',
      ['Proxy-Authorization', 'x', 'Proxy-Connection', 'x', 'a', 'b'],
      ['a', 'b'],
    ],
    ['leave out an upgrade', ['Connection', 'Upgrade', 'Upgrade', 'h2c', 'a', 'b'], ['a', 'b']],
    [
      'leave out what Connection nominates',
      ['X-Hop', '1', 'Connection', 'close, X-Hop', 'a', 'b'],
      ['a', 'b'],
    ],
    ['heed several Connection fields', ['Connection', 'x', 'connection', 'Y,,', 'X', '1', 'y', '2'], []],
    ['keep a field named close', ['close', '1', 'Connection', 'close'], ['close', '1']],
  ])('%s', (_why, given, kept) => {
    expect(endToEndFields(given)).toEqual(kept);
  });

  test('are joined by name for the function, cookies by a semicolon', () => {
    const raw = ['Accept', 'a', 'Cookie', 'x=1', 'accept', 'b', 'cookie', 'y=2', '__proto__', 'z'];
    const fields = requestFields(raw);
    expect(JSON.parse(JSON.stringify(fields))).toEqual(
      JSON.parse('{"accept":"a, b","cookie":"x=1; y=2","__proto__":"z"}'),
    );
  });
});
