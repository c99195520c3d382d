/**
 * The parts an e-mail is made of. Both the text and the HTML are made from the same list, so that they
 * cannot say different things.
 */
export type EmailBlock =
  | { readonly kind: 'paragraph'; readonly words: string }
  /** A code to type, shown large. */
  | { readonly kind: 'code'; readonly code: string }
  /** Label and value pairs. */
  | { readonly kind: 'facts'; readonly facts: readonly (readonly [label: string, value: string])[] }
  /** Someone else's words, marked as theirs. */
  | { readonly kind: 'quote'; readonly from: string; readonly lines: readonly string[] }
  /** The one thing to do. Absolute, to the service's own pages. */
  | { readonly kind: 'action'; readonly label: string; readonly link: string }
  /** Small print. */
  | { readonly kind: 'note'; readonly words: string };

/** @throws TypeError unless the link is an absolute http or https address without credentials */
export function checkedLink(link: string): string {
  const url = URL.parse(link);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new TypeError('an e-mail links only to web addresses');
  }
  return url.href;
}
