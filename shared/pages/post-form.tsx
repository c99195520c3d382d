import type { ComponentChildren } from 'preact';

export interface PostFormProps {
  readonly action: string;
  /** Proves that the form came from one of our pages. */
  readonly csrf: string;
  /** Further values that the form carries unseen. */
  readonly hidden?: Readonly<Record<string, string>>;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** The only kind of form there is: changes are POSTs and carry the token. */
export const PostForm = ({ action, csrf, hidden = {}, class: className, children }: PostFormProps) => (
  // The server's messages say more than the browser's, and look the same everywhere.
  <form method="post" action={action} class={className} novalidate>
    <input type="hidden" name="csrf" value={csrf} />
    {Object.entries(hidden).map(([name, value]) => (
      <input type="hidden" name={name} value={value} />
    ))}
    {children}
  </form>
);
