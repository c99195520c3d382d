import { globSync } from 'node:fs';

/**
 * Programs started from here on take the time to be another: Debian's libfaketime, with what measures durations left
 * alone. The test itself stays in its own time. @returns what ends it
 */
export function changeClock(days: number): () => void {
  const [library] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
  if (library === undefined) throw new Error("Debian's package faketime is needed.");
  const settings = { LD_PRELOAD: library, FAKETIME: `+${days}d`, DONT_FAKE_MONOTONIC: '1' };
  Object.assign(process.env, settings);
  return () => {
    for (const name of Object.keys(settings)) delete process.env[name];
  };
}
