/** One request of a page, as much of it as the allowlist is made from. */
export interface RecordedRequest {
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly method: string;
  readonly url: string;
  readonly contentType: string | undefined;
  readonly body: string | undefined;
  /** 0 where no answer came. */
  readonly status: number;
}

/**
 * Writes requests as HAR 1.2. Cookies, credentials and answers are left out, so that the file may be kept and
 * shown; what HAR asks for beyond that is empty.
 */
export function harOf(requests: readonly RecordedRequest[], creator: string): object {
  const unknown = { headersSize: -1, bodySize: -1, httpVersion: 'HTTP/1.1', cookies: [] };
  return {
    log: {
      version: '1.2',
      creator: { name: creator, version: '' },
      entries: requests.map(({ startedAt, method, url, contentType, body, status }) => ({
        startedDateTime: new Date(startedAt).toISOString(),
        time: 0,
        request: {
          method,
          url,
          ...unknown,
          headers: contentType === undefined ? [] : [{ name: 'content-type', value: contentType }],
          queryString: [...(URL.parse(url)?.searchParams ?? [])].map(([name, value]) => ({ name, value })),
          ...(body !== undefined && { postData: { mimeType: contentType ?? '', text: body } }),
        },
        response: {
          status,
          statusText: '',
          ...unknown,
          headers: [],
          content: { size: 0, mimeType: '' },
          redirectURL: '',
        },
        cache: {},
        timings: { send: 0, wait: 0, receive: 0 },
      })),
    },
  };
}
