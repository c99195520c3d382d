import { randomBytes } from 'node:crypto';
import type { Clock, Random } from './clock.ts';

/* eslint-disable no-restricted-properties -- the one place where the real clock is read */
export const systemClock: Clock = { now: () => Date.now() };

export const systemRandom: Random = { bytes: (count) => randomBytes(count) };
