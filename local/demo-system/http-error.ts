/** Every refusal of the application, with the status and words that the caller may read. */
export const REFUSALS = {
  malformed: [400, 'Bad request', 'The request could not be read.'],
  unauthenticated: [401, 'Not signed in', 'Sign in, or send HTTP Basic authentication.'],
  wrongPassword: [401, 'Not signed in', 'The name or the password is wrong.'],
  forbidden: [403, 'Not allowed', 'You may not read or do this.'],
  foreignForm: [403, 'Not allowed', 'The form came from another site or is too old. Open the page again.'],
  notFound: [404, 'Not found', 'There is nothing here.'],
  wrongMethod: [405, 'Method not allowed', 'This address takes other methods.'],
  nameTaken: [409, 'Conflict', 'There is already a user with that name.'],
  adminStays: [409, 'Conflict', 'The first admin cannot be removed.'],
  tooLarge: [413, 'Content too large', 'The body is larger than 64 kB.'],
  wrongType: [415, 'Unsupported media type', 'The body has a type that is not accepted here.'],
  tooManyTries: [429, 'Too many tries', 'Too many wrong passwords. Wait a minute and try again.'],
  internal: [500, 'Internal error', 'Something went wrong here.'],
  busy: [503, 'Busy', 'Too many streams are open. Try again later.'],
} as const satisfies Record<string, readonly [number, string, string]>;

export type Refusal = keyof typeof REFUSALS;

export class HttpError extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(refusal: Refusal, detail?: string, headers: Record<string, string> = {}) {
    const [status, title, usual] = REFUSALS[refusal];
    super(`${status} ${refusal}`);
    this.status = status;
    this.title = title;
    this.detail = detail ?? usual;
    this.headers = headers;
  }
}
