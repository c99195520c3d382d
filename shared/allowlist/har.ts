import { z } from 'zod';

/** What inference needs of a HAR 1.2 recording. */
export interface Har {
  readonly entries: readonly HarEntry[];
}

export interface HarEntry {
  /** When the request was made, Unix milliseconds. */
  readonly startedAt: number;
  readonly method: string;
  readonly url: string;
  /** The request's Content-Type header, also where there is no body. */
  readonly contentType?: string;
  /** The body's text; absent where there is none. */
  readonly body?: string;
  /** There was a body, and the recorder left it out. */
  readonly bodyLeftOut?: true;
  /** 0 where no answer came. */
  readonly status: number;
}

/** Entries of one recording. */
const mostEntries = 20_000;

const header = z.object({ name: z.string(), value: z.string() });
const posted = z.object({
  mimeType: z.string().nullish(),
  text: z.string().nullish(),
  params: z.array(z.object({ name: z.string(), value: z.string().nullish() })).nullish(),
  encoding: z.string().nullish(),
});

/** Vendors add members everywhere; what is not named here is dropped. */
const harSchema = z.object({
  log: z.object({
    entries: z
      .array(
        z.object({
          startedDateTime: z.string(),
          request: z.object({
            method: z.string(),
            url: z.string(),
            headers: z.array(header).nullish(),
            postData: posted.nullish(),
            bodySize: z.number().nullish(),
          }),
          response: z.object({ status: z.number().nullish() }).nullish(),
        }),
      )
      .max(mostEntries),
  }),
});

/**
 * Reads HAR 1.2 as browsers, Playwright and proxies write it.
 * @throws ZodError naming the member that is not as HAR defines it
 */
export function parseHar(json: unknown): Har {
  const { log } = harSchema.parse(json);
  return { entries: log.entries.map(readEntry) };
}

type RawEntry = z.infer<typeof harSchema>['log']['entries'][number];

function readEntry({ startedDateTime, request, response }: RawEntry): HarEntry {
  const startedAt = Date.parse(startedDateTime);
  const sent = request.headers?.find(({ name }) => name.toLowerCase() === 'content-type')?.value;
  const contentType = sent ?? request.postData?.mimeType ?? undefined;
  const body = bodyOf(request.postData) || undefined;
  return {
    startedAt: Number.isNaN(startedAt) ? 0 : startedAt,
    method: request.method,
    url: request.url,
    ...(contentType === undefined || contentType === '' ? {} : { contentType }),
    ...(body !== undefined && { body }),
    ...(body === undefined && (request.bodySize ?? 0) > 0 && { bodyLeftOut: true }),
    status: response?.status ?? 0,
  };
}

/** Some recorders leave out the text of a form and keep its parameters. */
function bodyOf(postData: z.infer<typeof posted> | null | undefined): string | undefined {
  if (postData === null || postData === undefined) return undefined;
  if (typeof postData.text === 'string' && postData.encoding === 'base64') {
    return Buffer.from(postData.text, 'base64').toString('utf8');
  }
  if (typeof postData.text === 'string' && postData.text !== '') return postData.text;
  if (!Array.isArray(postData.params) || postData.params.length === 0) return undefined;
  return postData.params
    .map(({ name, value }) => `${encodeURIComponent(name)}=${encodeURIComponent(value ?? '')}`)
    .join('&');
}
