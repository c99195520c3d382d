import { GatewayError } from '../gateway-error.ts';
import type { CommandContext } from './command.ts';

/**
 * Whether the person agrees to what was just shown. A script has to say so beforehand: nothing is let through because
 * nobody was there to ask.
 * @throws GatewayError `usage` without a terminal and without `--yes`
 */
export async function agreed(context: CommandContext, question: string): Promise<boolean> {
  if (context.flags.yes === true) return true;
  if (context.interactive) return context.confirm(question);
  throw new GatewayError('usage', 'Nothing is changed. To agree to this without being asked, say --yes.');
}
