import { minute, type Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import type { HttpClient } from './http-client.ts';

/** What a wrong clock may cost nothing. What a service could make this side believe is bounded by it, too. */
const harmless = 10 * minute;

/** The time of the service, as far as this machine's clock may be corrected by it. */
export interface ServiceTime extends Clock {
  /** That the clock of this machine is off by more than ten minutes, in words. */
  problem(): string | undefined;
  /** Measures by every answer of the service that says when it was made (RFC 9110 section 6.6.1). */
  measuring(http: HttpClient): HttpClient;
}

/** @param clock of this machine; corrected by ten minutes at the most, beyond that it counts as it is */
export function createServiceTime(clock: Clock, service: URL, log: Log): ServiceTime {
  /** By how many milliseconds this machine is ahead. */
  let ahead = 0;
  let said = false;

  function measured(date: string | undefined): void {
    const told = Date.parse(date ?? '');
    if (Number.isNaN(told)) return;
    ahead = clock.now() - told;
    const words = problem();
    if (words !== undefined && !said) log.warn('clock is wrong', { why: words });
    said = words !== undefined;
  }

  function problem(): string | undefined {
    if (Math.abs(ahead) <= harmless) return undefined;
    return `This machine's clock is ${span(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} the service. Set it: until then, dashboards that ask for the newest values may be refused.`;
  }

  return {
    now: () => clock.now() - (Math.abs(ahead) <= harmless ? ahead : 0),
    problem,
    measuring: (http) => ({
      async send(request) {
        const answer = await http.send(request);
        if (request.url.origin === service.origin) measured(answer.headers.date);
        return answer;
      },
      close: () => http.close(),
    }),
  };
}

function span(milliseconds: number): string {
  const minutes = Math.round(milliseconds / minute);
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}
