import { GatewayError } from '../../../gateway/gateway-error.ts';
import { createRenewalAttempts } from '../../../gateway/renewal-attempts.ts';
import { createRenewalSchedule } from '../../../gateway/renewal-schedule.ts';
import type { ConnectedCredentials, Credentials } from '../../../gateway/state/credentials.ts';
import { day, hour, minute } from '../../../shared/clock.ts';
import { tokensOf } from './service-peer.ts';
import { seededRandom, start, stillTime } from './still-time.ts';

function scheduled(seed: number, { tokenLife = 6 * day } = {}) {
  const time = stillTime();
  const random = seededRandom(seed);
  const logged: string[] = [];
  let held: Credentials = {
    state: 'connected',
    service: 'https://bridge.example',
    systemId: 'sys-1',
    systemName: 'North site',
    organizationName: 'Hill Radio',
    gatewayId: 'gw-1',
    accessToken: 'access-1',
    accessTokenExpiresAt: start + tokenLife,
    refreshToken: 'refresh-1',
    renewedAt: start - day,
    renewAt: start,
  } satisfies ConnectedCredentials;
  const service = { away: true, asked: 0 };
  const schedule = createRenewalSchedule(
    {
      store: {
        read: async () => held,
        write: async (credentials) => void (held = credentials),
        remove: async () => {},
        exclusively: (work) => work(),
      },
      oauth: {
        async refresh() {
          service.asked++;
          if (service.away) throw new GatewayError('unreachable', 'away');
          return { kind: 'renewed', tokens: tokensOf(2) };
        },
      },
      attempts: createRenewalAttempts(random),
      clock: time.clock,
      random,
    },
    {
      info: (event) => void logged.push(event),
      warn: (event) => void logged.push(event),
      error: (event) => void logged.push(event),
    },
  );
  return { schedule, service, logged, time, attend: () => schedule.attend(held) };
}

/** Fails for that long, at each moment that the schedule allows. @returns the moment at which it is tried next */
async function outage(length: number, seed: number, options = {}): Promise<number> {
  const { schedule, time, attend } = scheduled(seed, options);
  while (time.clock.now() < start + length) {
    await attend();
    time.pass(schedule.notBefore() - time.clock.now());
  }
  return schedule.notBefore();
}

describe('the schedule of renewals', () => {
  it('renews what is due at once, and nothing that is not', async () => {
    const { service, attend, logged } = scheduled(1);
    service.away = false;
    await attend();
    await attend();
    expect(service.asked).toBe(1);
    expect(logged).toEqual(['credentials renewed']);
  });

  it('tries again a minute or two after a first failure, and no sooner', async () => {
    const { schedule, service, attend, time } = scheduled(2);
    await attend();
    expect(schedule.notBefore() - start).toBeGreaterThanOrEqual(minute);
    expect(schedule.notBefore() - start).toBeLessThanOrEqual(2 * minute);
    time.pass(minute - 1);
    await attend();
    expect(service.asked).toBe(1);
    time.pass(minute + 1);
    await attend();
    expect(service.asked).toBe(2);
  });

  it('logs a failure once, however often it repeats', async () => {
    const { schedule, attend, time, logged } = scheduled(3);
    for (let i = 0; i < 20; i++) {
      await attend();
      time.pass(schedule.notBefore() - time.clock.now());
    }
    expect(logged).toEqual(['renewal failed; it is tried again']);
  });

  it('comes back from three days spread over hours, since the token lives for days yet', async () => {
    const ends = await Promise.all(
      Array.from({ length: 200 }, (_, seed) => outage(3 * day, seed * 7919 + 1)),
    );
    const after = ends.map((end) => (end - start - 3 * day) / hour);
    expect(Math.max(...after)).toBeLessThanOrEqual(8 + 1 / 60);
    for (let from = 0; from < 4; from++) {
      expect(after.filter((late) => late >= from && late < from + 1).length).toBeGreaterThan(10);
    }
  });

  it('comes back within the hour when the token is about to end', async () => {
    for (let seed = 1; seed < 50; seed++) {
      const end = await outage(3 * day, seed * 7919, { tokenLife: 2 * day });
      expect(end - start - 3 * day).toBeLessThanOrEqual(hour + minute);
    }
  });

  it('waits for no moment further away than was ever planned, as a clock that was set back shows', async () => {
    const { service, attend, time } = scheduled(5);
    await attend();
    time.pass(-30 * day);
    service.away = false;
    await attend();
    expect(service.asked).toBe(2);
  });
});
