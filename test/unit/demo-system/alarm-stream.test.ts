import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { activeAlarms } from '../../../local/demo-system/alarms.ts';
import { runHilltop, START, type RunningHilltop } from './running-hilltop.ts';

let hilltop: RunningHilltop;
beforeEach(async () => {
  hilltop = await runHilltop();
});
afterEach(() => hilltop.close());

interface ServerEvent {
  readonly event: string;
  readonly data: { at: number; alarms?: { id: string; elementId: number }[] };
}

/** The events of a stream, one after the other. */
async function* eventsOf(as: string): AsyncGenerator<ServerEvent> {
  const response = await fetch(`${hilltop.system.origin}/api/dashboards/north/events`, {
    headers: { authorization: `Basic ${Buffer.from(as).toString('base64')}` },
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const match = /^event: (\w+)\ndata: (.+)$/.exec(text.slice(0, end));
      text = text.slice(end + 2);
      if (match) {
        yield { event: match[1] ?? '', data: JSON.parse(match[2] ?? '') as ServerEvent['data'] };
      }
    }
  }
}

async function nextOf(events: AsyncGenerator<ServerEvent>, event: string): Promise<ServerEvent | undefined> {
  for (;;) {
    const next = await events.next();
    if (next.done === true) return undefined;
    if (next.value.event === event) return next.value;
  }
}

const idsAt = (elementIds: number[], at: number) => activeAlarms(elementIds, at).map(({ id }) => id);
const ids = (event: ServerEvent | undefined) => event?.data.alarms?.map(({ id }) => id);

test('a stream tells the alarms at once, every change, and that it still lives', async () => {
  const events = eventsOf(hilltop.admin);
  expect(ids(await nextOf(events, 'alarms'))).toEqual(idsAt([101, 102, 103], START));
  expect(await nextOf(events, 'heartbeat')).toMatchObject({ data: { at: START } });
  const before = idsAt([101, 102, 103], START).join();
  let at = START;
  while (idsAt([101, 102, 103], at).join() === before) at += 1000;
  hilltop.clock.value = at;
  expect(ids(await nextOf(events, 'alarms'))).toEqual(idsAt([101, 102, 103], at));
  await events.return(undefined);
});

test('a stream holds only the elements that its reader may read', async () => {
  const as = await hilltop.addUser({ name: 'viewer', elementIds: [102], dashboardIds: ['north'] });
  let at = START;
  while (idsAt([102], at).length === 0 || idsAt([101, 103], at).length === 0) at += 1000;
  hilltop.clock.value = at;
  const events = eventsOf(as);
  expect(ids(await nextOf(events, 'alarms'))).toEqual(idsAt([102], at));
  await events.return(undefined);
});

test('a stream ends when its reader is removed', async () => {
  const as = await hilltop.addUser({ name: 'viewer', elementIds: [102], dashboardIds: ['north'] });
  const events = eventsOf(as);
  await nextOf(events, 'alarms');
  await hilltop.ask('/api/users/viewer', { as: hilltop.admin, method: 'DELETE' });
  expect(await nextOf(events, 'never')).toBeUndefined();
});

test('closing the system ends its streams', async () => {
  const events = eventsOf(hilltop.admin);
  await nextOf(events, 'alarms');
  const ended = nextOf(events, 'never').catch(() => undefined);
  await hilltop.restart();
  expect(await ended).toBeUndefined();
});
