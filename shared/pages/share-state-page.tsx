import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

export type ShareState =
  'sign-in' | 'wrong-account' | 'not-ready' | 'paused' | 'expired' | 'ended' | 'offline' | 'busy' | 'unknown';

export interface ShareStatePageProps {
  readonly state: ShareState;
  readonly signedInAs?: string | undefined;
  /** Where a POST signs this browser out, to sign in as somebody else. Needs `csrf`. */
  readonly switchAccountAction?: string | undefined;
  readonly csrf?: string | undefined;
  /** Or where a link leads to that asks for another address. */
  readonly switchAccountUrl?: string | undefined;
  readonly portalOrigin: string;
  /** Where to sign in; the portal's own page when absent. */
  readonly signInUrl?: string | undefined;
  /** On a share's origin: `/.drawbridge/portal.css`. Absent on the portal's. */
  readonly stylesheet?: string | undefined;
}

interface Words {
  readonly title: string;
  readonly text: string;
  readonly advice: string;
  /** Whether opening the same address again may help. */
  readonly retry?: true;
}

const words: Record<ShareState, Words> = {
  'sign-in': {
    title: 'Sign in to open this',
    text: 'Someone shares a live dashboard here with people they named.',
    advice: 'Sign in with the address that the invitation went to. We mail you a code; there is no password.',
  },
  'wrong-account': {
    title: 'This is shared with another address',
    text: 'The address you are signed in with is not on the list for this dashboard.',
    advice:
      'If the invitation went to another address of yours, sign in with that one. Otherwise ask the person who sent you the link.',
  },
  'not-ready': {
    title: 'Not ready yet',
    text: 'The dashboard is being prepared on its system.',
    advice: 'This takes a minute or so. Then open it again.',
    retry: true,
  },
  paused: {
    title: 'Paused',
    text: 'Whoever shares this dashboard has paused it.',
    advice:
      'It may be opened again later, at the same address. Ask the person who shared it if you need it now.',
    retry: true,
  },
  expired: {
    title: 'Expired',
    text: 'This dashboard was shared until a certain time, and that time is over.',
    advice: 'Ask the person who shared it if you still need it.',
  },
  ended: {
    title: 'No longer shared',
    text: 'This dashboard is not shared any more.',
    advice: 'Ask the person who shared it if you still need it.',
  },
  offline: {
    title: 'The system cannot be reached',
    text: 'The dashboard is shown live from its own system, and that is not connected just now.',
    advice:
      'It reconnects by itself. Try again in a few minutes; if it stays away, tell the person who shared it.',
    retry: true,
  },
  busy: {
    title: 'Too busy just now',
    text: 'There are more requests than can be answered at once.',
    advice: 'Wait a moment and try again.',
    retry: true,
  },
  unknown: {
    title: 'Nothing here',
    text: 'No dashboard is shared at this address.',
    advice: 'Check that you have the whole link from the invitation.',
  },
};

/** What a recipient sees instead of the dashboard, and what to do. Says nothing about the share or its owner. */
export function ShareStatePage(props: ShareStatePageProps) {
  const { state, signedInAs, switchAccountAction, csrf, portalOrigin, stylesheet } = props;
  const { title, text, advice, retry } = words[state];
  const signIn = props.signInUrl ?? `${portalOrigin}${portalPaths.signIn}`;
  return (
    <Layout
      title={title}
      narrow
      portalOrigin={portalOrigin}
      {...(stylesheet !== undefined && { stylesheet })}
    >
      <div class="card stack">
        <h1>{title}</h1>
        <p>{text}</p>
        <p>{advice}</p>
        {signedInAs !== undefined && (
          <p class="muted">
            You are signed in as <strong>{signedInAs}</strong>.
          </p>
        )}
        <div class="actions">
          {state === 'sign-in' && (
            <a class="button" href={signIn}>
              Sign in
            </a>
          )}
          {retry && (
            <a class="button" href="">
              Try again
            </a>
          )}
          {switchAccountAction !== undefined && csrf !== undefined && (
            <PostForm action={switchAccountAction} csrf={csrf}>
              <button class={state === 'wrong-account' ? undefined : 'quiet'}>Use another address</button>
            </PostForm>
          )}
          {props.switchAccountUrl !== undefined && (
            <a class={state === 'wrong-account' ? 'button' : 'button quiet'} href={props.switchAccountUrl}>
              Use another address
            </a>
          )}
          {state !== 'sign-in' && (
            <a class="button quiet" href={`${portalOrigin}${portalPaths.sharedWithMe}`}>
              What is shared with me
            </a>
          )}
        </div>
      </div>
    </Layout>
  );
}
