import { minute } from '../../shared/clock.ts';
import type { Gateway } from '../gateway.ts';
import { Fault } from './finding.ts';
import { patience } from './way.ts';

/** By the date of the service's answer (RFC 9110 section 6.6.1). @throws Fault when it is off by more than 10 minutes */
export async function checkClock({ configuration, clock, http }: Gateway): Promise<string> {
  const url = new URL('/api/health', configuration.service);
  const answer = await http.send({ method: 'GET', url, timeout: patience });
  const skew = clock.now() - Date.parse(answer.headers.date ?? '');
  if (Number.isNaN(skew)) return 'the service tells no time';
  if (Math.abs(skew) <= 10 * minute) return 'agrees with the service to within 10 minutes';
  const minutes = Math.round(Math.abs(skew) / minute);
  const where = skew > 0 ? 'ahead of' : 'behind';
  throw new Fault(`this machine's clock is ${minutes} minutes ${where} the service`, 'set it');
}
