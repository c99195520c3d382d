import { fuzz } from './differential-fuzz.ts';

test('what noise gets admitted is, to Node, a call that the rules name', () => {
  const { admitted, cases } = fuzz({ cases: 20_000, seed: 20_240_615 });
  expect(cases).toBe(20_000);
  // Otherwise the noise tests nothing.
  expect(admitted).toBeGreaterThan(500);
});
