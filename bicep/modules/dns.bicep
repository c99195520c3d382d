metadata description = 'A public zone for the domain, with the records of portal and shares.'

// Names with texts.
type named = {}

@description('Required. Domain.')
param domain string

@description('Required. Shares have hosts below it.')
param withShares bool

@description('Required. Label below which they are.')
param shareLabel string

@description('Required. Host of Front Door.')
param frontDoorHost string

@description('Required. What proves to Front Door that the portal is ours.')
param portalValidation string

@description('Required. The same of the shares.')
param shareValidation string

@description('Required. Tags.')
param tags named

resource zone 'Microsoft.Network/dnsZones@2018-05-01' = {
  name: domain
  location: 'global'
  tags: tags
}

resource portal 'Microsoft.Network/dnsZones/CNAME@2018-05-01' = {
  parent: zone
  name: 'portal'
  properties: {
    TTL: 300
    CNAMERecord: {
      cname: frontDoorHost
    }
  }
}

resource portalProof 'Microsoft.Network/dnsZones/TXT@2018-05-01' = {
  parent: zone
  name: '_dnsauth.portal'
  properties: {
    TTL: 300
    TXTRecords: [
      {
        value: [portalValidation]
      }
    ]
  }
}

resource shares 'Microsoft.Network/dnsZones/CNAME@2018-05-01' = if (withShares) {
  parent: zone
  name: '*.${shareLabel}'
  properties: {
    TTL: 300
    CNAMERecord: {
      cname: frontDoorHost
    }
  }
}

resource shareProof 'Microsoft.Network/dnsZones/TXT@2018-05-01' = if (withShares) {
  parent: zone
  name: '_dnsauth.${shareLabel}'
  properties: {
    TTL: 300
    TXTRecords: [
      {
        value: [shareValidation]
      }
    ]
  }
}

output nameServers string = join(zone.properties.nameServers, ',')
