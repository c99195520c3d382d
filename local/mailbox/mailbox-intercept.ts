import type { IncomingMessage, ServerResponse } from 'node:http';
import { listMailbox, readMailbox } from '../../shared/email/mailbox-folder.ts';
import { portalCss } from '../../shared/pages/portal-css.ts';
import { renderPage } from '../../shared/pages/render-page.ts';
import { MailListPage, MailPage, NoSuchMailPage } from './mailbox-page.tsx';

export interface MailboxInterceptOptions {
  /** Where the mailbox sender puts its mails. */
  readonly folder: string;
  /** Origin of the portal, where it is not a loopback name; the mailbox is served there too. */
  readonly publicOrigin?: string;
}

const root = '/.local/mail';
export const mailboxStylesheet = `${root}/portal.css`;

const pagePolicy = `default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'`;
/** A mail's own HTML: its styles are inline, nothing runs, nothing is fetched, and links open elsewhere. */
const mailPolicy = `sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'; base-uri 'none'`;

const notMail = `No such mail.\n`;

/**
 * Answers `/.local/mail` and what is below it; gives false for all else.
 *
 * Only under the portal's own names: a dashboard's script, on the origin of its share, or a page that points its
 * own name to this machine (DNS rebinding), must not read sign-in codes.
 */
export function createMailboxIntercept({ folder, publicOrigin }: MailboxInterceptOptions) {
  const hosts = new Set(['localhost', '127.0.0.1', '[::1]']);
  if (publicOrigin !== undefined) hosts.add(new URL(publicOrigin).hostname);

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const url = URL.parse(`http://${request.headers.host ?? ''}${request.url ?? ''}`);
    if (url === null || !hosts.has(url.hostname)) return false;
    if (url.pathname !== root && !url.pathname.startsWith(`${root}/`)) return false;
    answer(request, response, url).catch(() => {
      if (!response.headersSent)
        send(response, 500, 'text/plain; charset=utf-8', 'The mailbox cannot be read.\n');
      else response.destroy();
    });
    return true;
  };

  async function answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return send(response, 405, 'text/plain; charset=utf-8', 'The mailbox can only be read.\n');
    }
    const [id, part, ...rest] = url.pathname.slice(root.length + 1).split('/');
    response.setHeader('vary', 'accept');
    if (url.pathname === mailboxStylesheet) return send(response, 200, 'text/css; charset=utf-8', portalCss);
    if (id === undefined || id === '') {
      const mails = await listMailbox(folder);
      return wantsJson(request)
        ? send(response, 200, 'application/json', JSON.stringify(mails))
        : sendPage(response, 200, renderPage(MailListPage({ mails, stylesheet: mailboxStylesheet })));
    }
    const mail = rest.length > 0 ? undefined : await readMailbox(folder, id);
    if (mail !== undefined && part === 'html') {
      response.setHeader('content-security-policy', mailPolicy);
      return send(response, 200, 'text/html; charset=utf-8', mail.html);
    }
    if (mail !== undefined && part === undefined) {
      return wantsJson(request)
        ? send(response, 200, 'application/json', JSON.stringify(mail))
        : sendPage(response, 200, renderPage(MailPage({ mail, stylesheet: mailboxStylesheet })));
    }
    return wantsJson(request)
      ? send(response, 404, 'text/plain; charset=utf-8', notMail)
      : sendPage(response, 404, renderPage(NoSuchMailPage({ stylesheet: mailboxStylesheet })));
  }
}

function sendPage(response: ServerResponse, status: number, html: string): void {
  response.setHeader('content-security-policy', pagePolicy);
  send(response, status, 'text/html; charset=utf-8', html);
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
  // To HEAD, node:http sends the headers alone.
  response.end(body);
}

/** JSON only for who asks for it by name: browsers accept everything. */
const wantsJson = (request: IncomingMessage): boolean =>
  (request.headers.accept ?? '').includes('application/json');
