import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';

export type ProviderTrouble = 'unreachable' | 'denied' | 'refused' | 'unverified' | 'stale' | 'taken';

export interface ProviderTroublePageProps {
  readonly trouble: ProviderTrouble;
  /** Of the provider, as on the button. */
  readonly provider: string;
}

const titles: Record<ProviderTrouble, (provider: string) => string> = {
  unreachable: (provider) => `${provider} cannot be reached`,
  denied: (provider) => `${provider} did not let you sign in`,
  refused: (provider) => `The answer of ${provider} is not valid`,
  unverified: (provider) => `${provider} has not verified your address`,
  stale: () => 'This sign-in is over',
  taken: () => 'Please prove this address',
};

const details: Record<ProviderTrouble, (provider: string) => string> = {
  unreachable: (provider) =>
    `${provider} does not answer just now. Try again in a while, or use another way to sign in.`,
  denied: (provider) =>
    `Either you chose to cancel there, or ${provider} does not allow you to use this service. Nothing was changed.`,
  refused: () =>
    'For your safety you were not signed in. Try again; if it happens again, tell the operator of this service.',
  unverified: (provider) =>
    `We need an e-mail address that ${provider} has verified to be yours. Verify it there, or sign in here with a code that we mail you.`,
  stale: () =>
    'It took more than 10 minutes, was finished already, or began in another browser. Please start again.',
  taken: (provider) =>
    `At ${provider} your address belonged to somebody else before. Sign in with a code that we mail to it; you then come back to ${provider}, and the two are linked.`,
};

/** Why nobody was signed in, and what to do. */
export const ProviderTroublePage = ({ trouble, provider }: ProviderTroublePageProps) => (
  <Layout title={titles[trouble](provider)} narrow>
    <div class="card stack">
      <h1>{titles[trouble](provider)}</h1>
      <p>{details[trouble](provider)}</p>
      <div class="actions">
        <a
          class="button"
          href={
            trouble === 'taken'
              ? `${portalPaths.signIn}?returnTo=${encodeURIComponent(portalPaths.providerSignIn)}`
              : portalPaths.signIn
          }
        >
          {trouble === 'taken' ? 'Mail me a code' : 'Back to sign-in'}
        </a>
      </div>
    </div>
  </Layout>
);

export interface ProviderMovedPageProps {
  readonly provider: string;
  readonly from: string;
  readonly to: string;
  readonly returnTo: string;
}

/** Says what follows from a new address at the provider. */
export const ProviderMovedPage = ({ provider, from, to, returnTo }: ProviderMovedPageProps) => (
  <Layout title="Your address has changed" narrow>
    <div class="card stack">
      <h1>Your address has changed</h1>
      <p>{provider} knows you by another address than before.</p>
      <dl class="facts">
        <dt>Now</dt>
        <dd>{to}</dd>
        <dt>Before</dt>
        <dd>{from}</dd>
      </dl>
      <p>
        You are signed in as {to}. Access here is given to addresses: what was shared with {from}, and the
        organizations that it belongs to, stay with that address. Ask for new invitations to {to}, or sign in
        with a code mailed to {from} for as long as you can read its mailbox.
      </p>
      <div class="actions">
        <a class="button" href={returnTo}>
          Continue
        </a>
      </div>
    </div>
  </Layout>
);
