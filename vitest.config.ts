import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Has a runner of its own: npm run test:deep.
    exclude: [...configDefaults.exclude, 'test/deep/**'],
    // Tests that start containers of their own share two cores and one process table.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Some tests race the kernel, or a busy machine: one that fails three times in a row is not unlucky.
    retry: process.env.CI ? 2 : 0,
    reporters: ['verbose', './test/helpers/plain-reporter.ts'],
  },
});
