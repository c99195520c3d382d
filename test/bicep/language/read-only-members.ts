/** What Azure fills in, by type, as far as the templates read it. The schemas leave these out. */
export const readOnlyMembers: Readonly<Record<string, readonly string[]>> = {
  'Microsoft.Cdn/profiles': ['properties.frontDoorId'],
  'Microsoft.Cdn/profiles/afdEndpoints': ['properties.hostName'],
  'Microsoft.Cdn/profiles/customDomains': ['properties.validationProperties.validationToken'],
  'Microsoft.Communication/communicationServices': ['properties.hostName'],
  'Microsoft.Communication/emailServices/domains': ['properties.mailFromSenderDomain'],
  'Microsoft.DocumentDB/databaseAccounts': ['properties.documentEndpoint'],
  'Microsoft.Insights/components': ['properties.ConnectionString'],
  'Microsoft.KeyVault/vaults': ['properties.vaultUri'],
  'Microsoft.ManagedIdentity/userAssignedIdentities': ['properties.clientId', 'properties.principalId'],
  'Microsoft.Network/dnsZones': ['properties.nameServers'],
  'Microsoft.SignalRService/webPubSub': ['properties.hostName'],
  'Microsoft.Storage/storageAccounts': ['properties.primaryEndpoints.blob'],
  'Microsoft.Web/sites': ['properties.defaultHostName'],
};
