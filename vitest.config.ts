import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The deep tests have a runner of their own: npm run test:deep.
    exclude: [...configDefaults.exclude, 'test/deep/**'],
    // The machine of CI has two cores. Three workers keep them busy, because many tests wait; more would make those late
    // that measure time.
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // CI tries again, because some tests race the kernel or a busy machine. A test that fails three times in a row did
    // not fail by chance.
    retry: process.env.CI ? 2 : 0,
    reporters: ['verbose', './test/helpers/plain-reporter.ts'],
  },
});
