import fc from 'fast-check';
import { matchRoute, parseRouteTemplate } from '../../../local/functions-host/route-template.ts';

const guid = 'cd2c1638-1638-72d5-1638-deadbeef1638';

describe('a route template', () => {
  test.each<[template: string, path: string, params: Record<string, string> | undefined]>([
    ['api/shares', '/api/shares', {}],
    ['api/shares', '/API/Shares', {}],
    ['api/shares', '/api/shares/', {}],
    ['/api/shares/', '/api/shares', {}],
    ['api/shares', '/api/shares//', undefined],
    ['api/shares', '/api//shares', undefined],
    ['api/shares', '/api', undefined],
    ['api/shares', '/api/shares/x', undefined],
    ['api/shares', '/', undefined],
    ['api/shares/{id}', '/api/shares/aB c', { id: 'aB c' }],
    ['api/shares/{id}', '/api/shares/a%2Fb', { id: 'a%2Fb' }],
    ['api/shares/{id}', '/api/shares', undefined],
    ['api/shares/{id}', '/api/shares/', undefined],
    ['api/{set}/{id?}', '/api/users', { set: 'users' }],
    ['api/{set}/{id?}', '/api/users/7', { set: 'users', id: '7' }],
    ['api/{set}/{id?}', '/api/users/7/8', undefined],
    ['api/{set=users}', '/api', { set: 'users' }],
    ['api/{set=users}', '/api/roles', { set: 'roles' }],
    ['x/{*rest}', '/x/a/b', { rest: 'a/b' }],
    ['x/{*rest}', '/x/a//b/', { rest: 'a//b/' }],
    ['x/{*rest}', '/x', {}],
    ['x/{*rest}', '/x/', {}],
    ['x/{*rest}', '/x//a', undefined],
    ['{**rest}', '/a/b', { rest: 'a/b' }],
    ['{*rest}', '/', {}],
    ['{ignored:maxlength(0)?}', '/', {}],
    ['{ignored:maxlength(0)?}', '/a', undefined],
    ['{ignored:maxlength(0)?}', '//', undefined],
    ['{a:int}', '/12', { a: '12' }],
    ['{a:int}', '/-12', { a: '-12' }],
    ['{a:int}', '/2147483648', undefined],
    ['{a:int}', '/1x', undefined],
    ['{a:long}', '/2147483648', { a: '2147483648' }],
    ['{a:bool}', '/TRUE', { a: 'TRUE' }],
    ['{a:bool}', '/1', undefined],
    ['{a:alpha}', '/Abc', { a: 'Abc' }],
    ['{a:alpha}', '/ab1', undefined],
    ['{a:guid}', `/${guid}`, { a: guid }],
    ['{a:guid}', `/${guid.replaceAll('-', '')}`, { a: guid.replaceAll('-', '') }],
    ['{a:guid}', `/{${guid}}`, { a: `{${guid}}` }],
    ['{a:guid}', `/${guid}0`, undefined],
    ['{a:length(3)}', '/abc', { a: 'abc' }],
    ['{a:length(3)}', '/ab', undefined],
    ['{a:length(2,3)}', '/ab', { a: 'ab' }],
    ['{a:length(2,3)}', '/abcd', undefined],
    ['{a:minlength(2)}', '/a', undefined],
    ['{a:maxlength(2)}', '/ab', { a: 'ab' }],
    ['{a:min(18)}', '/18', { a: '18' }],
    ['{a:min(18)}', '/17', undefined],
    ['{a:max(-1)}', '/0', undefined],
    ['{a:range(18, 120)}', '/120', { a: '120' }],
    ['{a:range(18, 120)}', '/121', undefined],
    ['{a:required}', '/x', { a: 'x' }],
    ['{a:int:min(2)?}', '/1', undefined],
    ['{a:int:min(2)?}', '/2', { a: '2' }],
    ['{a:int:min(2)?}', '/', {}],
    [String.raw`{a:regex(^\d{{3}}-x$)}`, '/123-X', { a: '123-X' }],
    [String.raw`{a:regex(^\d{{3}}-x$)}`, '/12-x', undefined],
    ['{a:regex(^(a|b)/?$)}', '/b', { a: 'b' }],
    ['{a:regex(^a)}/z', '/abc/z', { a: 'abc' }],
    ['{*a:regex(^(x|y)/)}', '/x/1', { a: 'x/1' }],
    ['{*a:regex(^(x|y)/)}', '/', undefined],
    ['a{{b}}/c', '/a{b}/c', {}],
  ])('%s takes %s as %j', (template, path, params) => {
    expect(matchRoute(parseRouteTemplate(template), path)).toEqual(params);
  });

  test.each<[template: string, reason: RegExp]>([
    ['{id:uuid}', /unknown route constraint "uuid"/],
    ['{id:toString}', /unknown route constraint "toString"/],
    ['{id:datetime}', /unknown route constraint "datetime"/],
    ['{id:int(3)}', /"int" takes no argument/],
    ['{id:maxlength}', /"maxlength" does not take ""/],
    ['{id:length(1,2,3)}', /"length" does not take "1,2,3"/],
    ['{id:regex([)}', /Invalid regular expression/],
    ['{id:maxlength(3}', /"maxlength" is not closed/],
    ['{id', /not closed/],
    ['id}', /without an opening one/],
    ['{a{b}', /must be doubled/],
    ['{}', /without a name/],
    ['{*}', /without a name/],
    ['{a b*}', /cannot be read/],
    ['{*rest}/x', /"rest" must come last/],
    ['{*rest?}', /"rest" cannot be optional/],
    ['{a=1?}', /"a" has a default value/],
    ['{a}/{A}', /"A" appears twice/],
    ['{name}.{extension}', /mixes text and parameters/],
    ['a//b', /empty segment/],
    ['a?/b', /question mark/],
  ])('%s is refused', (template, reason) => {
    expect(() => parseRouteTemplate(template)).toThrow(reason);
  });

  test('gives back every value that a path was made of', () => {
    const value = fc.string({ minLength: 1 }).filter((text) => !text.includes('/'));
    const template = parseRouteTemplate('a/{first}/b/{second}/{*rest}');
    fc.assert(
      fc.property(value, value, fc.array(value, { minLength: 1 }), (first, second, rest) => {
        const path = `/a/${first}/b/${second}/${rest.join('/')}`;
        expect(matchRoute(template, path)).toEqual({ first, second, rest: rest.join('/') });
      }),
    );
  });
});
