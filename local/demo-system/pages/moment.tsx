/** A moment for a reader, in UTC as a control room counts: `2026-03-01 14:05 UTC`. */
export function Moment({ at }: { at: string | number }) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>{String(at)}</span>;
  const text = date.toISOString();
  return <time dateTime={text}>{`${text.slice(0, 10)} ${text.slice(11, 16)} UTC`}</time>;
}

/** The time of day with seconds in UTC: `14:05:09`. */
export const timeOfDay = (at: number): string => new Date(at).toISOString().slice(11, 19);
