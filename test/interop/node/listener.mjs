// A vendor's application with Microsoft's listener for Node, hyco-https, in it. docs/embedding-a-listener.md quotes
// what stands between the quote marks. Prints what happens as one JSON object a line.
import { setTimeout as sleep } from 'node:timers/promises';

// quote: imports
import relay from 'hyco-https';
import * as oauth from 'openid-client';
// end

const [, , service, accessToken] = process.argv;
const say = (event, fields = {}) => console.log(JSON.stringify({ event, ...fields }));
const recipient = 'rita@partner.example';

// quote: application
// Every call of the dashboard, as the service writes it: method, path with query, body.
const page = '<!doctype html><title>North</title><h1>Transmitter site North</h1>';
const calls = {
  'GET /dashboards/north ': () => ['text/html', page],
  'POST /api/value {"elementId":101}': () => ['application/json', JSON.stringify({ value: Math.random() })],
  'GET /api/history ': () => ['text/csv', 'time,value\n'.repeat(30_000)],
};
const share = {
  dashboard: { id: 'north', title: 'Transmitter site North', entryPath: '/dashboards/north', items: [] },
  recipients: [recipient],
  sharedBy: { name: 'Olga' },
  allowlist: {
    version: 1,
    rules: [
      { id: 'page', method: 'GET', path: ['dashboards', 'north'] },
      {
        id: 'value',
        method: 'POST',
        path: ['api', 'value'],
        body: { kind: 'json', contentType: 'application/json', json: { object: { elementId: 101 } } },
      },
      { id: 'history', method: 'GET', path: ['api', 'history'] },
    ],
  },
};
// end

async function connect() {
  // Plain HTTP is for a service on this machine only.
  const insecure = service.startsWith('http://localhost:') ? { execute: [oauth.allowInsecureRequests] } : {};
  // quote: connect
  const config = await oauth.discovery(new URL(service), 'drawbridge-gateway', undefined, oauth.None(), {
    algorithm: 'oauth2',
    ...insecure,
  });
  const grant = await oauth.initiateDeviceAuthorization(config, { gateway_name: 'North controller' });
  say('verify', { link: grant.verification_uri_complete }); // Show it to the administrator.
  const tokens = await oauth.pollDeviceAuthorizationGrant(config, grant);
  // Keep tokens.refresh_token where only your program reads it; it is good for one renewal, which gives the next one.
  // end
  return tokens.access_token;
}

const token = accessToken ?? (await connect());

// quote: api
async function api(method, path, body) {
  const response = await fetch(new URL(path, service), {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}
// end

// Without an access token of its own it has no share yet.
const shareId = accessToken ? 'share' : (await api('POST', '/api/shares', share)).id;
if (!accessToken) say('shared', { id: shareId });

// quote: listen
let address = await api('POST', '/api/tunnel/listener');

/** To the service, a header says what it was; viewers do not get to see it. */
function refuse(response, status, header, value) {
  response.statusCode = status;
  response.setHeader(header, value);
  response.end();
}

function answer(request, body, response) {
  // "/{connection}/{share}/path?query": what follows the share is for the application.
  const prefix = `/${address.path}/${shareId}`;
  if (!request.url.startsWith(`${prefix}/`))
    return refuse(response, 404, 'Drawbridge-Problem', 'unknown-share');
  const call = `${request.method} ${request.url.slice(prefix.length)} ${body}`;
  // The second wall: whatever the cloud let through, only these calls are answered.
  if (!Object.hasOwn(calls, call)) {
    const refusal = JSON.stringify({ code: 'no-rule', difference: 'The application knows no such call.' });
    return refuse(response, 403, 'Drawbridge-Refusal', refusal);
  }
  const [type, content] = calls[call]();
  response.setHeader('Content-Type', type);
  response.end(content);
}

const listener = relay.createRelayedServer(
  { server: `${address.endpoint}/$hc/${address.path}?sb-hc-action=listen`, token: () => address.token },
  (request, response) => {
    let body = '';
    request.on('data', (piece) => (body += piece));
    request.on('end', () => answer(request, body, response));
  },
);
listener.on('listening', () => say('listening'));
listener.on('error', (error) => say('listener failed', { message: error.message }));
listener.listen();
// end

// quote: renew
// A token lives an hour. hyco-https would send the next one when the hour is over, and be cut off by then.
for (;;) {
  await sleep(0.8 * (Date.parse(address.expiresAt) - Date.now()));
  try {
    address = await api('POST', '/api/tunnel/listener');
    listener.controlChannel.send(JSON.stringify({ renewToken: { token: address.token } }));
    say('renewed');
  } catch (error) {
    say('not renewed', { message: error.message });
    await sleep(10_000);
  }
}
// end
