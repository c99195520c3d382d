import type { MailboxMessage } from '../../shared/email/mailbox-folder.ts';
import { Layout } from '../../shared/pages/layout.tsx';
import { UtcTime } from '../../shared/pages/utc-time.tsx';
import { linkedText } from './linked-text.ts';

const mailPath = (id: string): string => `/.local/mail/${id}`;

/** All mails, newest first. */
export const MailListPage = ({
  mails,
  stylesheet,
}: {
  mails: readonly MailboxMessage[];
  stylesheet: string;
}) => (
  <Layout title="Mailbox" stylesheet={stylesheet}>
    <div class="stack">
      <div>
        <div class="section-head">
          <h1>Mailbox</h1>
          <a href="/.local/mail">Look again</a>
        </div>
        <p class="muted">
          No mail leaves this machine: what the service sends, to anyone, is here. Set <code>SMTP_URL</code>{' '}
          to send for real.
        </p>
      </div>
      {mails.length === 0 ? (
        <p class="empty">No mail yet. Ask for a sign-in code or share a dashboard, then look again.</p>
      ) : (
        <ol class="rows">
          {mails.map((mail) => (
            <li class="row">
              <div class="row-main">
                <a class="row-name" href={mailPath(mail.id)}>
                  {mail.subject}
                </a>
                <p class="muted small">To {mail.to}</p>
              </div>
              <span class="muted small">
                <UtcTime at={mail.date} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </div>
  </Layout>
);

/** One mail: its text with links to click, and its HTML in a frame that may do nothing. */
export const MailPage = ({ mail, stylesheet }: { mail: MailboxMessage; stylesheet: string }) => (
  <Layout title={mail.subject} stylesheet={stylesheet}>
    <div class="stack">
      <div>
        <p class="trail">
          <a href="/.local/mail">Mailbox</a>
        </p>
        <h1>{mail.subject}</h1>
        <p class="meta">
          <span>To {mail.to}</span>
          <span>
            <UtcTime at={mail.date} />
          </span>
        </p>
      </div>
      <section class="card stack">
        <h2>Text</h2>
        <pre>
          {linkedText(mail.text).map((piece) =>
            piece.link === undefined ? piece.text : <a href={piece.link}>{piece.text}</a>,
          )}
        </pre>
      </section>
      {mail.html !== '' && (
        <section class="stack">
          <h2>HTML</h2>
          <iframe
            src={`${mailPath(mail.id)}/html`}
            title="The mail as mail programs show it"
            sandbox="allow-popups allow-popups-to-escape-sandbox"
          />
        </section>
      )}
    </div>
  </Layout>
);

export const NoSuchMailPage = ({ stylesheet }: { stylesheet: string }) => (
  <Layout title="No such mail" stylesheet={stylesheet} narrow>
    <div class="card stack">
      <h1>No such mail</h1>
      <p>
        It may have been deleted. <a href="/.local/mail">Back to the mailbox</a>
      </p>
    </div>
  </Layout>
);
