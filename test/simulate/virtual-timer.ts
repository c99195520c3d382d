import { setImmediate } from 'node:timers/promises';
import type { Timer } from '../../gateway/timer.ts';
import type { Timeline } from './timeline.ts';

/** Waiting that takes no time: whoever waited goes on before the timeline jumps to its next appointment. */
export const virtualTimer = (timeline: Timeline): Timer => ({
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      let over = false;
      const abort = () => {
        over = true;
        reject(new Error('The wait was given up.'));
      };
      signal?.addEventListener('abort', abort, { once: true });
      timeline.after(milliseconds, async () => {
        if (over) return;
        signal?.removeEventListener('abort', abort);
        resolve();
        await setImmediate();
      });
    }),
});
