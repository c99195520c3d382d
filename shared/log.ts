/** Structured log. Values must hold no token, key, cookie, message text or full e-mail address. */
export interface Log {
  info(event: string, fields?: Record<string, LogValue>): void;
  warn(event: string, fields?: Record<string, LogValue>): void;
  error(event: string, fields?: Record<string, LogValue>): void;
}

export type LogValue = string | number | boolean | undefined;

/**
 * One JSON object a line, as log collectors expect.
 * @param traceId of the request under way, by which its lines are found together
 */
export function jsonLines(
  write: (line: string) => void,
  now: () => string,
  traceId: () => string | undefined = () => undefined,
): Log {
  const at =
    (level: string) =>
    (event: string, fields: Record<string, LogValue> = {}) =>
      write(JSON.stringify({ time: now(), level, event, traceId: traceId(), ...fields }));
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} };
