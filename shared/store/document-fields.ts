import { z } from 'zod';
import type { Instant } from '../clock.ts';

/** A branded identifier as documents hold it. */
export const identifier = <T extends string>() =>
  z.custom<T>((value) => typeof value === 'string' && value !== '');

export const instantSchema = z
  .custom<Instant>(
    (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value),
    'a UTC time with milliseconds',
  )
  .meta({ type: 'string', format: 'date-time' });
