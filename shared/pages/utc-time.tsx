import type { Instant } from '../clock.ts';
import { utcText } from './utc-text.ts';

/** A moment for people and machines; in words where there was none. */
export const UtcTime = ({ at, never = 'never' }: { at: Instant | undefined; never?: string }) =>
  at === undefined ? <>{never}</> : <time datetime={at}>{utcText(at)}</time>;
