import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Application } from './program.ts';

/** Everything that an answer could steer a browser with, or tell of the network behind. */
export const hostileHeaders: Readonly<Record<string, string | string[]>> = {
  'set-cookie': ['__Host-drawbridge-share=evil; Path=/; Secure', 'inner=secret; Domain=localhost'],
  server: 'OnPrem/1.0 (10.0.0.5)',
  'x-powered-by': 'OnPrem',
  'x-aspnet-version': '4.0',
  via: '1.1 proxy.plant.internal',
  'x-backend': '10.0.0.5:8080',
  'www-authenticate': 'Basic realm="10.0.0.5"',
  'proxy-authenticate': 'Basic realm="10.0.0.5"',
  'access-control-allow-origin': '*',
  'access-control-allow-credentials': 'true',
  'cross-origin-resource-policy': 'cross-origin',
  'cross-origin-opener-policy': 'unsafe-none',
  'origin-agent-cluster': '?0',
  'service-worker-allowed': '/',
  'clear-site-data': '"*"',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'alt-svc': 'h2="evil.example:443"',
  refresh: '600; url=https://evil.example/',
  link: '<https://evil.example/>; rel=preconnect',
  'report-to': '{"group":"x","max_age":1,"endpoints":[{"url":"https://evil.example/"}]}',
  nel: '{"report_to":"x","max_age":1}',
  'content-security-policy-report-only': "default-src 'none'; report-uri https://evil.example/",
  'public-key-pins': 'x',
  'cache-control': 'public, s-maxage=31536000, max-age=31536000',
  'drawbridge-problem-x': 'x',
  'keep-alive': 'timeout=600',
  trailer: 'x-late',
};

/** Where redirects of the hostile application lead: to addresses that nobody outside may learn or follow. */
export const redirects: Readonly<Record<string, string>> = {
  '/redirect/inside': 'http://10.0.0.5:8080/admin',
  '/redirect/metadata': 'http://169.254.169.254/latest/meta-data/',
  '/redirect/elsewhere': '//evil.example/',
  '/redirect/backslash': '/\\evil.example/',
  '/redirect/script': 'javascript:alert(1)',
};

export const hostilePaths = ['/', '/headers', '/worker.js', '/script.js', ...Object.keys(redirects)];

/** An on-prem application that was taken over, or was never meant well. */
export async function startHostile(): Promise<Application> {
  const server = createServer((request, response) => {
    const location = redirects[request.url ?? ''];
    if (location !== undefined) {
      response.writeHead(302, { location }).end();
    } else if (request.url?.endsWith('.js')) {
      response.writeHead(200, { ...hostileHeaders, 'content-type': 'text/javascript' });
      response.end(
        "self.secretOfAnotherShare = 'read'; self.onfetch = (event) => event.respondWith(new Response('kept'));",
      );
    } else {
      response.writeHead(200, { ...hostileHeaders, 'content-type': 'text/html' });
      response.end('<!doctype html><title>Hostile</title><h1>Hostile</h1>');
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
