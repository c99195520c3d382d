import {
  endToEndFields,
  headerLimit,
  headerSize,
  isHeaderField,
} from '../../shared/tunnel/hybrid-connection-headers.ts';
import { isPermittedStatus, type ResponseMessage } from '../../shared/tunnel/hybrid-connection-message.ts';
import type { RelayedResponse } from './relayed-request.ts';

/** The response message for what a handler gave, or undefined when the protocol cannot carry it. */
export function responseHead(
  requestId: string,
  response: RelayedResponse,
  body: boolean,
): ResponseMessage | undefined {
  const statusCode = response.status === 502 || response.status === 504 ? 503 : response.status;
  const responseHeaders = endToEndFields(response.headers);
  if (!isPermittedStatus(statusCode) || headerSize(responseHeaders) > headerLimit) return undefined;
  if (!Object.entries(responseHeaders).every(([name, value]) => isHeaderField(name, value))) return undefined;
  return { kind: 'response', requestId, statusCode, responseHeaders, body };
}

/** The length that the response itself states, in bytes. */
export function statedLength(response: RelayedResponse): number | undefined {
  const stated = Object.entries(response.headers).find(
    ([name]) => name.toLowerCase() === 'content-length',
  )?.[1];
  return stated !== undefined && /^\d{1,15}$/.test(stated) ? Number(stated) : undefined;
}

/** A response that is meant to stay open. */
export const isEventStream = (response: RelayedResponse): boolean =>
  Object.entries(response.headers).some(
    ([name, value]) =>
      name.toLowerCase() === 'content-type' && value.toLowerCase().startsWith('text/event-stream'),
  );
