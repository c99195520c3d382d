import { createHealth, type HealthDependencies } from '../../../shared/status/health.ts';
import { second } from '../../../shared/clock.ts';
import { TestServices } from '../../support/services.ts';

let test: TestServices;
beforeEach(async () => (test = await TestServices.compose()));
afterEach(() => test.close());

/** Health over a store that counts how often it is asked. */
function countedHealth() {
  const { services, clock } = test;
  let asked = 0;
  const store: HealthDependencies['store'] = {
    ...services.store,
    check: async () => {
      asked++;
      return services.store.check();
    },
  };
  return { health: createHealth({ ...services, store, clock }), asked: () => asked };
}

it('asks every dependency once for all who want to know within two seconds (OWASP ASVS 11.1.4)', async () => {
  const { health, asked } = countedHealth();
  const [first, other] = await Promise.all([health(), health()]);
  expect(other).toBe(first);
  test.clock.moveOn(1.9 * second);
  await health();
  expect(asked()).toBe(1);
  test.clock.moveOn(0.1 * second);
  await health();
  expect(asked()).toBe(2);
});
