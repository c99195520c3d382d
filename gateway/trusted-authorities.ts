import tls from 'node:tls';

/** What Node's `ca` option needs to trust an own authority beside the usual ones; alone it replaces them. */
export const trusting = (ca: string | undefined): { ca?: string[] } =>
  ca === undefined ? {} : { ca: [...tls.getCACertificates('default'), ca] };
