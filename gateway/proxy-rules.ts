import { BlockList, isIP } from 'node:net';
import { GatewayError } from './gateway-error.ts';
import { isLoopbackHost } from './service-origin.ts';

/** Which proxy stands between this machine and what is outside. */
export interface ProxyRules {
  /** The proxy for an address, with its user and password if it has any; undefined where there is none between. */
  proxyFor(url: URL): URL | undefined;
}

/** `HTTPS_PROXY` and `NO_PROXY`, in either case. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/** The proxy as the configuration file names it. */
export interface ConfiguredProxy {
  readonly url: string;
  /** Hosts reached without it, written as in `NO_PROXY`. */
  readonly except: readonly string[];
}

/**
 * Reads what names a proxy: the configuration, or else the environment, where the small letters win as with curl.
 * This machine is always reached directly: a proxy's loopback is another machine's. `HTTP_PROXY` is of no concern here:
 * nothing beyond this machine is spoken to without TLS.
 *
 * @throws GatewayError `config` when the proxy's address is none
 */
export function proxyRules(env: ProxyEnvironment = {}, configured?: ConfiguredProxy): ProxyRules {
  const given = (name: string) => env[name.toLowerCase()] || env[name];
  const proxy = proxyAddress(configured?.url ?? given('HTTPS_PROXY'));
  const isExcepted = exceptions(configured?.except ?? (given('NO_PROXY') ?? '').split(','));
  return {
    proxyFor: (url) => (isLoopbackHost(url.hostname) || isExcepted(url) ? undefined : proxy),
  };
}

function proxyAddress(text: string | undefined): URL | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text.trim() : `http://${text.trim()}`);
  // Not repeated: it may hold a password.
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new GatewayError('config', 'The proxy is no http(s) address; write http://PROXY:PORT.');
  }
  return url;
}

/** A host name names also what is below it; addresses may be ranges (10.0.0.0/8), and `*` is everything. */
function exceptions(entries: readonly string[]): (url: URL) => boolean {
  const addresses = new BlockList();
  const names: { readonly host: string; readonly port: string | undefined }[] = [];
  for (const entry of entries.map((each) => each.trim().toLowerCase()).filter((each) => each !== '')) {
    const [network = '', prefix] = entry.split('/', 2);
    const family = isIP(bare(network));
    if (family === 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) {
      const [, host = '', port] = /^(.*?)(?::(\d{1,5}))?$/.exec(entry) ?? [];
      names.push({ host: bare(host.replace(/^\*?\./, '')), port });
    } else {
      const bits = family === 6 ? 128 : 32;
      const length = prefix === undefined ? bits : Math.min(Number(prefix), bits);
      addresses.addSubnet(bare(network), length, family === 6 ? 'ipv6' : 'ipv4');
    }
  }
  return (url) => {
    const host = bare(url.hostname.toLowerCase());
    const port = url.port || '443';
    const family = isIP(host);
    if (family !== 0 && addresses.check(host, family === 6 ? 'ipv6' : 'ipv4')) return true;
    return names.some(
      (each) =>
        (each.port === undefined || each.port === port) &&
        (each.host === '*' || `.${host}`.endsWith(`.${each.host}`)),
    );
  };
}

const bare = (host: string): string => host.replace(/^\[|\]$/g, '');
