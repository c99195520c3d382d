/** Where somebody is coming from, as far as a browser tells. */
export interface Visit {
  /** Network address. */
  readonly source: string;
  /** A few words, such as "Firefox on Windows". */
  readonly browser: string;
  /** The known-device cookie, if there is one. */
  readonly device?: string | undefined;
}

const browsers: readonly (readonly [name: string, sign: RegExp])[] = [
  ['Edge', /\bEdg(?:e|A|iOS)?\//],
  ['Opera', /\bOPR\//],
  ['Samsung Internet', /\bSamsungBrowser\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /(?:Chrome|CriOS|Chromium)\//],
  ['Safari', /\bSafari\//],
];

const devices: readonly (readonly [name: string, sign: RegExp])[] = [
  ['iPhone', /\biPhone\b/],
  ['iPad', /\biPad\b/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['Linux', /\bLinux\b/],
];

/** What a User-Agent says, in few words by which its owner recognises it. Every browser claims to be others too. */
export function browserSummary(userAgent: string): string {
  const text = userAgent.slice(0, 500);
  const first = (list: typeof browsers) => list.find(([, sign]) => sign.test(text))?.[0];
  const [browser, device] = [first(browsers), first(devices)];
  if (browser === undefined && device === undefined) return 'Unknown browser';
  return [browser ?? 'A browser', device].filter(Boolean).join(' on ');
}

/**
 * The network a source counts as when attempts are counted: an IPv6 customer holds a whole /64 (RFC 6177), so
 * addresses within one are one party.
 */
export function networkOf(source: string): string {
  if (!source.includes(':')) return source;
  const [head = '', tail] = source.toLowerCase().split('::');
  const groups = (text: string | undefined) => (text ? text.split(':') : []);
  const [left, right] = [groups(head), groups(tail)];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const all = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
