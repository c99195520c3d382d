import { compileAllowlist } from '../../../shared/allowlist/compile.ts';
import { decide } from '../../../shared/allowlist/decide.ts';
import type { Rule } from '../../../shared/allowlist/rule.ts';

const alike = (index: number): Rule => ({
  id: `r${index}`,
  method: 'GET',
  path: ['api', `uid-${index}`, 'query'],
  query: [
    { name: 'expr', value: `up{job="${index}"}`, plus: true },
    { name: 'step', value: { integer: { min: 1, max: 9 } } },
  ],
});
const many = Array.from({ length: 100 }, (_, index) => alike(index));
const target = (uid: number | string, job: number | string, step: number | string, more = '') =>
  `/api/uid-${uid}/query?step=${step}&expr=up%7bjob%3d%22${job}%22%7D${more}`;

/** With the rules alike in one family, and each in an allowlist without any. */
const decisions = (asked: string, rules: readonly Rule[] = many) => ({
  together: decide(compileAllowlist({ version: 1, rules }), { method: 'GET', target: asked }, 0),
  apart: rules
    .map((rule) =>
      decide(compileAllowlist({ version: 1, rules: [rule] }), { method: 'GET', target: asked }, 0),
    )
    .find(({ admitted }) => admitted),
});

test.each([0, 7, 99])('rules alike admit and write what rule %i alone does', (index) => {
  const { together, apart } = decisions(target(index, index, 5));
  expect(together).toEqual(apart);
  expect(together).toEqual({
    admitted: true,
    call: {
      ruleId: `r${index}`,
      method: 'GET',
      target: `/api/uid-${index}/query?expr=up%7Bjob%3D%22${index}%22%7D&step=5`,
    },
  });
});

test.each([
  ['the literal of another rule', target(7, 8, 5)],
  ['a value beside the slot', target(7, 7, 10)],
  ['a slot without value', target(7, 7, '')],
  ['another parameter', target(7, 7, 5, '&x=1')],
  ['a repeated parameter', target(7, 7, 5, '&step=5')],
  ['a missing parameter', '/api/uid-7/query?step=5'],
  ['another path', target('x', 7, 5)],
  ['a longer path', target(7, 7, 5).replace('query', 'query/query')],
  ['a path cut elsewhere', target(7, 7, 5).replace('api/uid', 'api%2Fuid')],
])('rules alike refuse %s, as each alone does', (_, asked) => {
  const { together, apart } = decisions(asked);
  expect(together.admitted).toBe(false);
  expect(apart).toBeUndefined();
});

it('leaves paths that several rules have to the order of the rules', () => {
  const wide: Rule = {
    ...alike(7),
    id: 'wide',
    query: [{ name: 'step', value: { integer: { min: 1, max: 99 } } }],
  };
  const { together } = decisions('/api/uid-7/query?step=50', [...many, wide]);
  expect(together).toMatchObject({ admitted: true, call: { ruleId: 'wide' } });
  expect(decisions(target(7, 7, 5), [...many, wide]).together).toMatchObject({ call: { ruleId: 'r7' } });
});
