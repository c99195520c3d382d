import fc from 'fast-check';
import type { HttpClient } from '../../../gateway/http-client.ts';
import { createServiceTime } from '../../../gateway/service-time.ts';
import { jsonLines } from '../../../shared/log.ts';
import { start } from './still-time.ts';

const minute = 60_000;
const service = new URL('https://bridge.example');

/** A gateway whose clock is off by so much, and what it logs. */
function gatewayOff(by: number) {
  const logged: string[] = [];
  const clock = { now: () => start + by };
  const time = createServiceTime(
    clock,
    service,
    jsonLines(
      (line) => logged.push(line),
      () => '',
    ),
  );
  const answering: HttpClient = {
    send: async () => ({ status: 200, headers: { date: new Date(start).toUTCString() }, text: '' }),
    close: () => {},
  };
  const ask = (url = `${service.origin}/api/system`) =>
    time.measuring(answering).send({ method: 'GET', url: new URL(url) });
  return { time, ask, logged };
}

describe("the service's time", () => {
  it('is what counts while this machine is off by ten minutes or less: that costs nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -10 * minute, max: 10 * minute }), async (by) => {
        const { time, ask, logged } = gatewayOff(by);
        expect(time.now()).toBe(start + by);
        await ask();
        expect(time.now()).toBe(start);
        expect([time.problem(), logged]).toEqual([undefined, []]);
      }),
    );
  });

  it.each([
    [11 * minute, '11 minutes ahead of'],
    [-14 * minute, '14 minutes behind'],
    [3 * 60 * minute, '3 hours ahead of'],
    [-400 * 24 * 60 * minute, '400 days behind'],
  ])('is not believed beyond that, but said in words, once (%d)', async (by, words) => {
    const { time, ask, logged } = gatewayOff(by);
    for (let n = 0; n < 3; n++) await ask();
    expect(time.now()).toBe(start + by);
    expect(time.problem()).toContain(words);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain(words);
  });

  it('is told by the service only, and not by silence', async () => {
    const { time, ask } = gatewayOff(5 * minute);
    await ask('http://127.0.0.1:7081/api/status');
    expect(time.now()).toBe(start + 5 * minute);
  });
});
