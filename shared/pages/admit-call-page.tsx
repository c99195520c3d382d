import { Layout } from './layout.tsx';
import { portalPaths } from './portal-paths.ts';
import { PostForm } from './post-form.tsx';

export interface AdmitCallPageProps {
  readonly account: string;
  readonly csrf: string;
  readonly systemId: string;
  readonly share: { readonly id: string; readonly title: string };
  readonly call: { readonly id: string; readonly method: string; readonly target: string };
  /** The rule that would be added. */
  readonly words: string;
  readonly warnings: readonly string[];
  /** Names that rule. */
  readonly digest: string;
}

/** Shows exactly what would be admitted. POST the same address with rule: the digest. */
export const AdmitCallPage = (props: AdmitCallPageProps) => {
  const { account, csrf, systemId, share, call, words, warnings, digest } = props;
  return (
    <Layout title="Admit this call?" account={account} csrf={csrf}>
      <div class="card stack">
        <h1>Admit this call?</h1>
        <p>
          Viewers of “{share.title}” asked for <code class="call">{`${call.method} ${call.target}`}</code>.
          From now on they may make this call, whenever they like:
        </p>
        <code class="command">{words}</code>
        {call.method !== 'GET' && call.method !== 'HEAD' && (
          <p class="notice">
            {call.method} may change something in the on-prem system. Make sure that it only reads.
          </p>
        )}
        {warnings.length > 0 && (
          <div class="notice">
            <p>Look twice:</p>
            <ul>
              {warnings.map((warning) => (
                <li>{warning}</li>
              ))}
            </ul>
          </div>
        )}
        <p class="muted">
          The gateway on the on-prem side keeps its own list and asks there before it lets the call through,
          unless its configuration trusts the portal with it. The audit says who admitted what.
        </p>
        <PostForm
          action={portalPaths.admitCall(systemId, share.id, call.id)}
          csrf={csrf}
          hidden={{ rule: digest }}
          class="actions"
        >
          <button>Admit</button>
          <a class="button quiet" href={portalPaths.refusedCalls(systemId, share.id)}>
            Cancel
          </a>
        </PostForm>
      </div>
    </Layout>
  );
};
