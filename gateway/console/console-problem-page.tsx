import { Layout } from '../../shared/pages/layout.tsx';

/** What went wrong, and the way back. */
export const ConsoleProblemPage = ({ words }: { readonly words: string }) => (
  <Layout title="Not done" narrow>
    <div class="card stack">
      <h1>Not done</h1>
      <p>{words}</p>
      <p>
        <a href="/">Back to the console</a>
      </p>
    </div>
  </Layout>
);
