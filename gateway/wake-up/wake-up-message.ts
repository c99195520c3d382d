import { z } from 'zod';
import { wakeReasons, type WakeReason } from '../../shared/wake-up/wake-up.ts';

const schema = z.object({
  type: z.literal('message'),
  data: z.object({ wake: z.enum(wakeReasons) }),
});

/** Why this gateway is woken; undefined for what else the service says, and for what a later version may say. */
export function readWakeUp(text: string): WakeReason | undefined {
  try {
    return schema.parse(JSON.parse(text)).data.wake;
  } catch {
    return undefined;
  }
}
