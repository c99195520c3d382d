import { once } from 'node:events';
import { connect } from 'node:net';
import { startHostProcess } from './host-process.ts';

describe('a host', () => {
  test.each<[why: string, fixtures: string[], reason: RegExp]>([
    ['does not stream', ['without-streams.ts'], /enableHttpStream/],
    ['has an unknown route constraint', ['unknown-constraint.ts'], /"strict".*"uuid"/],
    ['has an impossible schedule', ['bad-schedule.ts'], /"soon" cannot be scheduled/],
    ['fails to load', ['throwing-entry-point.ts'], /throwing-entry-point\.ts.*cannot load/],
    ['has no entry point', [], /needs an entry point/],
    ['has the same function twice', ['timers.ts', 'bad-schedule.ts', 'unknown-constraint.ts'], /"strict"/],
  ])('refuses an app that %s', async (_why, fixtures, reason) => {
    await expect(startHostProcess(fixtures)).rejects.toThrow(reason);
  });

  test('starts once in a process', async () => {
    const host = await startHostProcess(['timers.ts'], { timers: false });
    host.send('startAgain');
    expect(await host.next('startedAgain')).toMatch(/once in a process/);
    await host.stop();
  });

  test('refuses a port that is taken', async () => {
    const host = await startHostProcess(['http-functions.ts']);
    await expect(startHostProcess(['http-functions.ts'], { port: host.port })).rejects.toThrow(/EADDRINUSE/);
    await host.stop();
  });

  test('puts the route prefix of host.json before every route', async () => {
    const host = await startHostProcess(['prefixed/prefixed-function.ts']);
    expect((await fetch(`${host.origin}/api/hello`)).status).toBe(200);
    expect((await fetch(`${host.origin}/hello`)).status).toBe(404);
    await host.stop();
  });

  test('runs the hooks of the app around its functions', async () => {
    const host = await startHostProcess(['hooks.ts']);
    const plain = await fetch(`${host.origin}/plain`);
    expect([plain.status, await plain.text()]).toEqual([203, 'plain']);
    expect((await fetch(`${host.origin}/rescued`)).status).toBe(418);
    expect(host.log).toEqual([expect.objectContaining({ level: 'warn', message: 'hooked: careful' })]);
    const stopped = host.stop();
    expect(await host.next('terminated')).toEqual(['appStart', 'post plain', 'post rescued']);
    await stopped;
  });

  test('lets requests in progress finish when it closes, then lets the process end', async () => {
    const host = await startHostProcess(['http-functions.ts']);
    const response = fetch(`${host.origin}/waits`, { method: 'POST', body: 'abc' });
    await host.next('waiting');
    const idle = connect(host.port, '127.0.0.1');
    await once(idle, 'connect');
    const stopped = host.stop();
    const ended = once(idle, 'close');
    host.send('go on');
    const answer = await response;
    expect([answer.status, await answer.text()]).toEqual([200, '3']);
    expect(answer.headers.get('connection')).toBe('close');
    expect(await stopped).toBe(0);
    await ended;
  });

  test('cuts what does not finish in time when it closes', async () => {
    const host = await startHostProcess(['http-functions.ts'], { graceOnClose: 50 });
    const response = fetch(`${host.origin}/lingers`);
    await host.next('lingering');
    const stopped = host.stop();
    await expect(response).rejects.toThrow();
    expect(await stopped).toBe(0);
  });

  test('keeps the port of the library off the network', async () => {
    const host = await startHostProcess(['http-functions.ts']);
    host.send('listening');
    expect(await host.next('listening')).toEqual(['127.0.0.1', '127.0.0.1']);
    await host.stop();
  });
});

describe('timers', () => {
  test('fire by themselves, at start and on demand', async () => {
    const host = await startHostProcess(['timers.ts']);
    expect(await host.next('atStart')).toEqual({
      schedule: { adjustForDST: true },
      scheduleStatus: {
        last: '0001-01-01T00:00:00+00:00',
        next: expect.stringMatching(/^\d{4}-01-01T00:00:00\.000\+00:00$/) as string,
        lastUpdated: '0001-01-01T00:00:00+00:00',
      },
      isPastDue: false,
    });
    expect(await host.next('often')).toEqual({
      schedule: { adjustForDST: true },
      scheduleStatus: null,
      isPastDue: false,
    });
    await host.next('often');
    host.send('runTimer', 'yearly');
    expect(await host.next('yearly')).toBe('yearly');
    expect(await host.next('ran')).toBe('done');
    host.send('runTimer', 'failing');
    expect(await host.next('ran')).toBe('Error: failed as it was told to');
    host.send('runTimer', 'queued');
    expect(await host.next('ran')).toMatch(/no timer function "queued"/);
    expect(host.log).toEqual([
      expect.objectContaining({ event: 'function.unsupported', function: 'queued', type: 'queueTrigger' }),
      expect.objectContaining({ event: 'function.failed', function: 'failing', error: 'Error' }),
    ]);
    expect(await host.stop()).toBe(0);
  });
});
