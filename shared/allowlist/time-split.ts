import { minute } from '../clock.ts';
import type { Sample } from './sample.ts';
import { isFixedMoment } from './time-window.ts';
import { groupBy } from './volatile-fields.ts';

/**
 * Splits calls that are alike but for their times: those about one fixed moment, those an hour back and
 * those a day back each become rules of their own, so that no window spans them all.
 */
export function splitByTime(samples: readonly Sample[]): Sample[][] {
  const places = [...(samples[0]?.fields ?? [])]
    .filter(([, { time }]) => time !== undefined)
    .map(([place]) => place);
  return places.reduce((groups, place) => groups.flatMap((group) => splitAt(group, place)), [[...samples]]);
}

function splitAt(samples: readonly Sample[], place: string): Sample[][] {
  const momentOf = ({ fields }: Sample) => fields.get(place)?.time?.moment ?? 0;
  const equal = [...groupBy(samples, (sample) => String(momentOf(sample))).values()];
  const isFixed = (group: readonly Sample[]) =>
    isFixedMoment(group.map((sample) => ({ har: sample.har, at: sample.at, moment: momentOf(sample) })));
  const fixed = equal.filter(isFixed);
  const moving = samples.filter((sample) => !fixed.some((group) => group.includes(sample)));
  const offset = (sample: Sample) => momentOf(sample) - sample.at;
  const groups: Sample[][] = [];
  for (const sample of moving.sort((a, b) => offset(a) - offset(b))) {
    const last = groups.at(-1)?.at(-1);
    const near =
      last !== undefined && offset(sample) - offset(last) <= 10 * minute + Math.abs(offset(sample)) / 20;
    if (near) groups.at(-1)?.push(sample);
    else groups.push([sample]);
  }
  return [...fixed, ...groups];
}
