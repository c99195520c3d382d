import { createServer } from 'node:https';
import { openTelemetry } from '../../../shared/telemetry/open-telemetry.ts';
import { startLoopbackIdentity } from '../../support/loopback-identity.ts';
import { listenOnLoopback } from '../../support/loopback-listen.ts';
import { loopbackLeaf, trustTestAuthority } from '../../support/test-authority.ts';
import { gunzipSync } from 'node:zlib';

/** The real exporter of Azure Monitor against a server over TLS that takes what it sends, from the managed identity. */
it('hands traces and metrics to Azure Monitor as the managed identity', async () => {
  const identity = await startLoopbackIdentity();
  const received: { path: string; authorization: string; text: string }[] = [];
  const server = createServer(loopbackLeaf, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
      received.push({ path: request.url ?? '', authorization: request.headers.authorization ?? '', text });
      const lines = text.split('\n').length;
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ itemsReceived: lines, itemsAccepted: lines, errors: [] }));
    });
  });
  const { port, close } = await listenOnLoopback(server);
  const distrust = trustTestAuthority();
  const before = { ...process.env };
  Object.assign(process.env, identity.settings, { APPLICATION_INSIGHTS_NO_STATSBEAT: 'true' });
  try {
    const clientId = '7c9f6b3e-1d2a-4f5b-8c7d-9e0f1a2b3c4d';
    const telemetry = await openTelemetry({
      otlpEndpoint: undefined,
      connectionString: `InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=https://localhost:${port}/`,
      clientId,
      ratio: 1,
    });
    await telemetry.span('function health', { function: 'health' }, async () => {
      expect(telemetry.context()?.traceId).toMatch(/^[0-9a-f]{32}$/);
      telemetry.count('drawbridge.requests', { function: 'health', status: 200 });
    });
    await telemetry.close();
    const all = received.map(({ text }) => text).join('\n');
    expect(all).toContain('function health');
    expect(all).toContain('drawbridge.requests');
    expect(received.every(({ authorization }) => /^Bearer \S{20,}$/.test(authorization))).toBe(true);
    expect(identity.state.asked[0]).toEqual({
      resource: expect.stringContaining('monitor.azure.com') as string,
      clientId,
    });
  } finally {
    process.env = before;
    distrust();
    await Promise.all([close(), identity.close()]);
  }
});
