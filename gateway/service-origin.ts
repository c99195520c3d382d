import { isIPv4 } from 'node:net';

/** True for names and addresses that never leave this machine (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3). */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.toLowerCase();
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  if (host === '[::1]' || host === '::1') return true;
  return isIPv4(host) && host.startsWith('127.');
}

/**
 * Why an address must not be used to talk to the service, or undefined when it may: https always, http only
 * on this machine.
 */
export function insecureAddress(url: URL): string | undefined {
  if (url.protocol === 'https:' || url.protocol === 'wss:') return undefined;
  if (url.protocol !== 'http:' && url.protocol !== 'ws:') return `${url.protocol.slice(0, -1)} is not https`;
  if (isLoopbackHost(url.hostname)) return undefined;
  return `http is allowed only on this machine; write https://${url.host}`;
}
