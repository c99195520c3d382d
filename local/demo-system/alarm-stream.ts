import type { ServerResponse } from 'node:http';
import { activeAlarms } from './alarms.ts';
import { HttpError } from './http-error.ts';

export interface StreamPace {
  /** Milliseconds between two looks at the alarms. */
  readonly look: number;
  /** Milliseconds between two heartbeats. */
  readonly heartbeat: number;
}

const MOST_STREAMS = 500;
/** A reader that leaves this many bytes unread is gone or too slow. */
const MOST_UNREAD = 262_144;

/** Server-Sent Events (HTML, section 9.2) of alarms that come and go. */
export interface AlarmStreams {
  /** @throws HttpError 503 when too many are open */
  requireRoom(): void;
  /** Writes events until the reader leaves or `stillAllowed` says no. */
  open(response: ServerResponse, elementIds: readonly number[], stillAllowed: () => boolean): void;
  close(): void;
}

export function createAlarmStreams(now: () => number, pace: StreamPace): AlarmStreams {
  const streams = new Set<ServerResponse>();
  return {
    requireRoom: () => {
      if (streams.size >= MOST_STREAMS) throw new HttpError('busy');
    },
    open: (response, elementIds, stillAllowed) => {
      streams.add(response);
      let known = '';
      const send = (text: string) => {
        response.write(text);
        if (response.writableLength > MOST_UNREAD) response.destroy();
      };
      const look = () => {
        if (!stillAllowed()) {
          response.end();
          return;
        }
        const alarms = activeAlarms(elementIds, now());
        const ids = alarms.map(({ id }) => id).join();
        if (ids === known) return;
        known = ids;
        send(eventText('alarms', { at: now(), alarms }));
      };
      const beat = () => send(eventText('heartbeat', { at: now() }));
      const timers = [setInterval(look, pace.look), setInterval(beat, pace.heartbeat)];
      response.once('close', () => {
        timers.forEach(clearInterval);
        streams.delete(response);
      });
      const alarms = activeAlarms(elementIds, now());
      known = alarms.map(({ id }) => id).join();
      send(`retry: 3000\n\n${eventText('alarms', { at: now(), alarms })}`);
    },
    close: () => {
      for (const stream of streams) stream.end();
    },
  };
}

const eventText = (event: string, value: unknown): string =>
  `event: ${event}\ndata: ${JSON.stringify(value)}\n\n`;
