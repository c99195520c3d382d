import { request, type IncomingHttpHeaders } from 'node:http';
import type { Runtime } from './runtime.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  readonly url: string;
}

export interface Sending {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  /** An address of this machine to send from. */
  readonly from?: string;
}

/**
 * One exchange with a host name that resolves to this machine, whatever DNS says of it.
 * @param behind the port of a service whose public origin something else serves
 */
export function send(
  url: string,
  { method = 'GET', headers = {}, body, from }: Sending = {},
  behind?: number,
): Promise<Answer> {
  const { host, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: behind ?? port,
        method,
        path: pathname + search,
        ...(from !== undefined && { localAddress: from }),
        headers: {
          host,
          ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const whole = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: whole,
            text: whole.toString(),
            url,
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Someone with a browser that runs no script: keeps cookies by host, follows redirects, fills in forms. */
export class Person {
  readonly runtime: Runtime;
  readonly email: string;
  readonly #cookies = new Map<string, Map<string, string>>();

  constructor(runtime: Runtime, email: string) {
    this.runtime = runtime;
    this.email = email;
  }

  cookies(host: string): Map<string, string> {
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    return jar;
  }

  async send(url: string, sending: Sending = {}): Promise<Answer> {
    const absolute = new URL(url, this.runtime.origin).href;
    const { host } = new URL(absolute);
    const jar = this.cookies(host);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await send(
      absolute,
      {
        ...sending,
        headers: { ...(cookie && { cookie }), ...sending.headers },
      },
      this.runtime.listensOn,
    );
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [pair = '', ...attributes] = line.split(';');
      const [name = '', ...value] = pair.split('=');
      const gone = attributes.some((each) => /^\s*max-age=0$/i.test(each));
      if (gone) jar.delete(name);
      else jar.set(name, value.join('='));
    }
    return answer;
  }

  /** Opens an address as a browser does, and follows where it leads. */
  async open(url: string): Promise<Answer> {
    let at = new URL(url, this.runtime.origin).href;
    for (let hops = 0; hops < 12; hops++) {
      const answer = await this.send(at, {
        headers: { accept: 'text/html,*/*', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
      });
      if (answer.status < 300 || answer.status >= 400 || !answer.headers.location) return answer;
      at = new URL(answer.headers.location, at).href;
    }
    throw new Error(`Redirects without end from ${url}`);
  }

  /** Sends the form of a page whose action ends so, with its hidden fields, and follows the answer. */
  async submit(page: Answer, action: string, fields: Record<string, string>): Promise<Answer> {
    const form = formWith(page.text, action);
    const target = new URL(form.action, page.url).href;
    const answer = await this.send(target, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: new URL(target).origin,
        'sec-fetch-site': 'same-origin',
        accept: 'text/html',
      },
      body: new URLSearchParams({ ...form.hidden, ...fields }).toString(),
    });
    return answer.headers.location ? this.open(new URL(answer.headers.location, target).href) : answer;
  }

  /** Signs in by the code that arrives in the mailbox; gives the page that follows. */
  async signIn(returnTo = '/'): Promise<Answer> {
    const page = await this.open(`/sign-in?returnTo=${encodeURIComponent(returnTo)}`);
    return this.finishSignIn(page);
  }

  async finishSignIn(signInPage: Answer): Promise<Answer> {
    const codePage = await this.submit(signInPage, '/sign-in', { email: this.email });
    return this.submit(codePage, '/sign-in/code', { code: await this.newestCode() });
  }

  async newestCode(): Promise<string> {
    const mails = await this.runtime.mails(this.email);
    for (const mail of mails) {
      const code = /\b(\d{6}|\d{3} \d{3})\b/.exec(mail.text)?.[1];
      if (code !== undefined) return code.replace(' ', '');
    }
    throw new Error(`No mailed code for ${this.email}`);
  }
}

const unescape = (text: string) =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

function formWith(html: string, action: string): { action: string; hidden: Record<string, string> } {
  for (const [, attributes = '', content = ''] of html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)) {
    const target = unescape(/action="([^"]*)"/.exec(attributes)?.[1] ?? '');
    if (!target.endsWith(action)) continue;
    const hidden: Record<string, string> = {};
    for (const [input] of content.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(input)?.[1];
      if (name !== undefined) hidden[unescape(name)] = unescape(/value="([^"]*)"/.exec(input)?.[1] ?? '');
    }
    return { action: target, hidden };
  }
  throw new Error(`The page has no form for ${action}:\n${html.slice(0, 3000)}`);
}
