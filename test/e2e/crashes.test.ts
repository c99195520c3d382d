import { simulateKills } from '../simulate/crashes/simulate-crashes.ts';
import { totalOf } from '../simulate/crashes/outcome.ts';

it('loses nothing acknowledged and breaks no invariant, killed 8 times amid a day of work', async () => {
  const report = await simulateKills({ kills: 8, seed: 2026 });
  expect(report.failures).toEqual([]);
  expect(totalOf(report.acknowledged)).toBeGreaterThan(8);
  expect(totalOf(report.unanswered)).toBeGreaterThan(0);
});
