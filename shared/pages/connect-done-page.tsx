import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';

export interface ConnectDonePageProps {
  readonly account: string;
  readonly csrf: string;
  readonly outcome: 'approved' | 'denied' | 'expired' | 'refused';
  readonly systemName?: string | undefined;
  /** With it, an approval links to the system's page. */
  readonly systemId?: string | undefined;
}

const words = {
  approved: {
    title: 'Connected',
    text: 'The gateway fetches its credentials within seconds. You can close this page and go back to it.',
  },
  denied: {
    title: 'Denied',
    text: 'Nothing was connected, and the gateway was told so.',
  },
  refused: {
    title: 'Refused',
    text: 'The gateway was told so, and waits a day before it asks again by itself. Whoever stands before it can ask at once with `connect`.',
  },
  expired: {
    title: 'Too late',
    text: 'This request is too old or was already decided. Start it again on the gateway to get a new code.',
  },
} as const;

export const ConnectDonePage = ({ account, csrf, outcome, systemName, systemId }: ConnectDonePageProps) => {
  const { title, text } = words[outcome];
  return (
    <Layout title={title} account={account} csrf={csrf} narrow>
      <div class="card stack">
        <h1>{outcome === 'approved' && systemName !== undefined ? `${systemName} is connected` : title}</h1>
        <p>{text}</p>
        <div class="actions">
          {outcome === 'approved' && systemId !== undefined && (
            <a class="button" href={portalPaths.system(systemId)}>
              Open the system
            </a>
          )}
          {outcome === 'expired' && (
            <a class="button" href={portalPaths.connect}>
              Enter a new code
            </a>
          )}
          <a class="button quiet" href={portalPaths.home}>
            Home
          </a>
        </div>
      </div>
    </Layout>
  );
};
