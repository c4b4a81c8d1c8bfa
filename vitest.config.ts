import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{packages,services}/*/src/**/*.test.ts', '{tests,scripts,bench}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/.*/**'],
    // Looks up the servers that the broker tests run on.
    globalSetup: ['packages/testing/src/find-servers.ts'],
    // Processes and not threads: tests start brokers and agents, send signals and change folders.
    pool: 'forks',
    // A good test takes a fraction of this; it may wait for real processes on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    // A process that a test started may take seconds to come up beside all the others.
    expect: { poll: { timeout: 20_000 } },
  },
})
