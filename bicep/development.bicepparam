using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'development')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param domain = readEnvironmentVariable('DRAWBRIDGE_DOMAIN')
param shareCertificate = readEnvironmentVariable('DRAWBRIDGE_SHARE_CERTIFICATE', '')

// Less to pay for, and to be thrown away; as closed as production but for the network.
param secondRegion = false
param privateNetwork = false
param lock = false
param documentThroughput = 1000
param mostInstances = 40
param wakeUpSku = 'Free_F1'
