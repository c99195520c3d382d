metadata description = 'Who the service and its Front Door are. Nothing else here has credentials.'

// Names with texts.
type named = {}

@description('Required. Region.')
param location string

@description('Required. Name of the identity of the function apps.')
param serviceName string

@description('Required. Name of the identity of Front Door.')
param frontDoorName string

@description('Required. Tags.')
param tags named

resource service 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: serviceName
  location: location
  tags: tags
}

resource frontDoor 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: frontDoorName
  location: location
  tags: tags
}

output serviceId string = service.id
output serviceClientId string = service.properties.clientId
output servicePrincipalId string = service.properties.principalId
output frontDoorId string = frontDoor.id
output frontDoorPrincipalId string = frontDoor.properties.principalId
