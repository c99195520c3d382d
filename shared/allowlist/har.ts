/** What inference needs of a HAR 1.2 recording. */
export interface Har {
  readonly entries: readonly HarEntry[];
}

export interface HarEntry {
  /** When the request was made, Unix milliseconds. */
  readonly startedAt: number;
  readonly method: string;
  readonly url: string;
  readonly postData?: { readonly mimeType: string; readonly text: string };
  readonly status: number;
}
