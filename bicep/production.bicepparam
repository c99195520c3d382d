using 'main.bicep'

// What is not said here is as main.bicep has it, which is production.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'production')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param domain = readEnvironmentVariable('DRAWBRIDGE_DOMAIN')
param shareCertificate = readEnvironmentVariable('DRAWBRIDGE_SHARE_CERTIFICATE', '')
