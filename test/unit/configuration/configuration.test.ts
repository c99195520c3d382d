import { readConfiguration } from '../../../shared/configuration.ts';

describe('the settings', () => {
  it('have defaults that work on one machine', () => {
    expect(readConfiguration({})).toMatchObject({
      port: 7071,
      publicOrigin: 'http://localhost:7071',
      shareDomain: 'localhost:7071',
      relayEndpoint: 'http://127.0.0.1:7072',
      dataDir: '.data',
    });
  });

  it('take an empty value as absent', () => {
    expect(readConfiguration({ PUBLIC_ORIGIN: '', SMTP_URL: '' })).toEqual(readConfiguration({}));
  });

  it.each([
    [{ PORT: 'many' }, /PORT/],
    [{ PORT: '70000' }, /PORT/],
    [{ PUBLIC_ORIGIN: 'share.example.com' }, /PUBLIC_ORIGIN/],
    [{ PUBLIC_ORIGIN: 'http://share.example.com' }, /PUBLIC_ORIGIN: http is for this machine only/],
    [{ PUBLIC_ORIGIN: 'http://localhost.example.com' }, /PUBLIC_ORIGIN/],
    [{ SHARE_DOMAIN: 'https://x' }, /SHARE_DOMAIN/],
    [{ SMTP_URL: 'ftp://x' }, /SMTP_URL/],
    [{ RELAY_RESOURCE_ID: 'https://portal.azure.com/x' }, /RELAY_RESOURCE_ID/],
    [{ RELAY_ENDPOINT: 'http://contoso.servicebus.windows.net' }, /RELAY_ENDPOINT/],
    [{ KEY_VAULT_URL: 'http://v.vault.azure.net' }, /KEY_VAULT_URL/],
    [{ KEY_VAULT_URL: 'v.vault.azure.net' }, /KEY_VAULT_URL/],
    [{ COSMOS_ENDPOINT: 'http://a.documents.azure.com' }, /COSMOS_ENDPOINT/],
    [{ COSMOS_ENDPOINT: 'https://a.documents.azure.com', COSMOS_KEY: 'a2V5' }, /COSMOS_KEY: keys are for/],
    [{ COSMOS_ENDPOINT: 'https://127.0.0.1.a.example', COSMOS_KEY: 'a2V5' }, /COSMOS_KEY: keys are for/],
    [{ COSMOS_KEY: 'a2V5' }, /COSMOS_KEY: keys are for/],
    [{ AZURE_CLIENT_ID: 'drawbridge' }, /AZURE_CLIENT_ID/],
  ])('%j is refused by name', (settings, message) => {
    expect(() => readConfiguration(settings)).toThrow(message);
  });

  it.each([
    ['https://contoso.servicebus.windows.net', true],
    ['https://localhost:7072', false],
    ['https://servicebus.windows.net.example.com', false],
  ])('know whether %s is Azure Relay: %s', (endpoint, inAzure) => {
    expect(readConfiguration({ RELAY_ENDPOINT: endpoint }).relayInAzure).toBe(inAzure);
  });

  it('take https origins, without a path', () => {
    expect(readConfiguration({ PUBLIC_ORIGIN: 'https://share.example.com/x' }).publicOrigin).toBe(
      'https://share.example.com',
    );
  });
});
