import { relayParameter, withoutRelayParameters } from '../../shared/tunnel/hybrid-connection-address.ts';

/** What a URL on the relay names. */
export interface RelayTarget {
  /** The hybrid connection: one segment. Azure also allows names of several; the one-machine relay does not need them. */
  readonly name: string;
  /** Path behind the name with its slash, or nothing. */
  readonly suffix: string;
  /** What the sender asked, without the relay's own parameters, as `/path?query`; the path is untouched. */
  readonly requestTarget: string;
  /** Of the query: the value of one of the relay's own parameters. */
  readonly parameter: (name: string) => string | undefined;
}

const validName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,259}$/;

/** @returns undefined where no hybrid connection can be, which is a 404 */
export function parseTarget(url: string, prefix: '/' | '/$hc/'): RelayTarget | undefined {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? '' : url.slice(mark + 1);
  if (!path.startsWith(prefix)) return undefined;
  const below = path.slice(prefix.length);
  const slash = below.indexOf('/');
  const name = slash < 0 ? below : below.slice(0, slash);
  if (!validName.test(name)) return undefined;
  const own = withoutRelayParameters(query);
  return {
    name,
    suffix: slash < 0 ? '' : below.slice(slash),
    requestTarget: own === '' && query !== own ? path : `${path}${mark < 0 ? '' : `?${own}`}`,
    parameter: (wanted) => relayParameter(query, wanted),
  };
}
