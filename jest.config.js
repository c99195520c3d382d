// node:sqlite and the real libraries run unmocked; ESM-only packages are turned into CommonJS for Jest.
const project = (displayName, folders) => ({
  displayName,
  testEnvironment: 'node',
  testMatch: folders.map((folder) => `<rootDir>/test/${folder}/**/*.test.{ts,tsx}`),
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.data/'],
  transform: {
    '\\.m?[tj]sx?$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic', importSource: 'preact' } },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  transformIgnorePatterns: [
    '/node_modules/(?!(jose|croner|preact|preact-render-to-string|openid-client|oauth4webapi|agent-base|https?-proxy-agent|proxy-agent-negotiate)/)',
  ],
});

export default {
  // Jest takes this for all projects only.
  testTimeout: 90_000,
  projects: [
    project('unit', ['unit', 'contract']),
    project('e2e', ['e2e']),
    project('browser', ['browser']),
    project('interop', ['interop']),
    // Run by test/network/run.sh, inside a network namespace.
    project('network', ['network']),
    // The files that deploy the service to Azure.
    project('bicep', ['bicep']),
    // The HTTP end-to-end tests once more, with the documents in an emulator of Cosmos DB.
    {
      ...project('cosmos', ['e2e']),
      // These look into, or lock, the file of the embedded store.
      testPathIgnorePatterns: [
        'e2e/crashes',
        'e2e/full-disk',
        'e2e/restore-commands',
        'e2e/store-faults',
        'e2e/two-hosts',
      ],
      globalSetup: '<rootDir>/test/support/cosmos-for-runtimes.ts',
      globalTeardown: '<rootDir>/test/support/cosmos-teardown.ts',
    },
  ],
};
