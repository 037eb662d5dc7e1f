import { defineConfig } from 'vitest/config';

// `npm run test:package` takes its tools from the npm registry, so it is no part of `npm test`.
export default defineConfig({
  test: {
    include: ['test/package/*.check.ts'],
    pool: 'forks',
    // The tests run one after another, because they measure time.
    maxWorkers: 1,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ['verbose', './test/helpers/plain-reporter.ts'],
  },
});
