// node:sqlite and the real libraries run unmocked; ESM-only packages are turned into CommonJS for Jest.
const project = (displayName, folders, timeout) => ({
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
  transformIgnorePatterns: ['/node_modules/(?!(jose|croner|preact|preact-render-to-string|openid-client|oauth4webapi)/)'],
  testTimeout: timeout,
});

export default {
  projects: [
    project('unit', ['unit', 'contract'], 20_000),
    project('e2e', ['e2e'], 60_000),
    project('browser', ['browser'], 120_000),
  ],
};
