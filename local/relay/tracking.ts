import { randomUUID } from 'node:crypto';

/** What went wrong, with an id to ask for, as the guide wants it of status and close descriptions. */
export const tracked = (description: string, id: string = randomUUID()): string =>
  `${description}. TrackingId:${id}`;
