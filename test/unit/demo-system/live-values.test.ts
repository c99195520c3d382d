import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { activeAlarms, occurrencesAt } from '../../../local/demo-system/alarms.ts';
import { DASHBOARDS, SHOWN_PARAMETERS } from '../../../local/demo-system/dashboards.ts';
import { ELEMENTS, findElement, SEVERITIES } from '../../../local/demo-system/elements.ts';
import { measure, trend } from '../../../local/demo-system/measurements.ts';
import { walk } from '../../../local/demo-system/walk.ts';
import { START } from './running-hilltop.ts';

const moment = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 0, 1) });
const element = fc.constantFrom(...ELEMENTS);
const hour = Array.from({ length: 3600 }, (_, second) => START + second * 1000);

describe('measured values', () => {
  test('depend on the element, the parameter and the moment only', () => {
    fc.assert(
      fc.property(element, moment, (one, at) =>
        one.parameters.every((parameter) => measure(one, parameter, at) === measure(one, parameter, at)),
      ),
    );
  });

  test('stay within the bounds of their parameter', () => {
    fc.assert(
      fc.property(element, moment, (one, at) =>
        one.parameters.every((parameter) => {
          const value = measure(one, parameter, at);
          return value >= parameter.min && value <= parameter.max;
        }),
      ),
    );
  });

  test('change within seconds, and drift rather than jump', () => {
    const [one] = ELEMENTS;
    const [power] = one?.parameters ?? [];
    if (!one || !power) throw new Error('no element');
    expect(new Set(hour.slice(0, 30).map((at) => measure(one, power, at))).size).toBeGreaterThan(3);
    fc.assert(fc.property(moment, (at) => Math.abs(walk(1, at + 100) - walk(1, at)) < 0.2));
  });

  test('differ between two elements of the same kind', () => {
    const values = [101, 102].map((id) => {
      const one = findElement(id);
      const [power] = one?.parameters ?? [];
      return one && power ? hour.slice(0, 60).map((at) => measure(one, power, at)) : [];
    });
    expect(values[0]).not.toEqual(values[1]);
  });

  test('agree with the trend that covers them, and a trend never tells the future', () => {
    fc.assert(
      fc.property(element, moment, fc.integer({ min: 2, max: 100 }), (one, now, points) => {
        const [parameter] = one.parameters;
        if (!parameter) return false;
        const line = trend(one, parameter, { from: now - 60_000, to: now + 60_000, points, now });
        return line.every(({ at, value }) => at <= now && value === measure(one, parameter, at));
      }),
    );
  });
});

describe('alarms', () => {
  const ids = ELEMENTS.map(({ id }) => id);

  test('come and go within an hour on every dashboard', () => {
    for (const { elementIds } of DASHBOARDS) {
      const seen = hour.map((at) => activeAlarms(elementIds, at).map(({ id }) => id));
      const all = new Set(seen.flat());
      expect(all.size).toBeGreaterThan(5);
      for (const id of all) expect(seen.some((active) => !active.includes(id))).toBe(true);
    }
  });

  test('are listed worst first, and were raised before they are seen', () => {
    fc.assert(
      fc.property(moment, (at) => {
        const alarms = activeAlarms(ids, at);
        const ranks = alarms.map(({ severity }) => SEVERITIES.indexOf(severity));
        expect(ranks).toEqual(ranks.toSorted((one, other) => one - other));
        expect(alarms.every(({ raisedAt }) => raisedAt <= at)).toBe(true);
        expect(new Set(alarms.map(({ id }) => id)).size).toBe(alarms.length);
      }),
    );
  });

  test('show in the value that they speak of', () => {
    const one = findElement(101);
    const power = one?.parameters.find(({ name }) => name === 'power');
    if (!one || !power) throw new Error('no element');
    const low = hour.find((at) =>
      occurrencesAt(one, at).some(
        ({ fault, from, to }) => fault.code === 'power-low' && at > from + 5_000 && at < to - 5_000,
      ),
    );
    expect(low).toBeDefined();
    expect(measure(one, power, low ?? 0)).toBeLessThan(0.92 * power.center);
  });
});

test('every parameter that a dashboard shows is one that its elements have', () => {
  for (const one of ELEMENTS) {
    for (const name of SHOWN_PARAMETERS[one.kind]) {
      expect(one.parameters.map((parameter) => parameter.name)).toContain(name);
    }
  }
});
