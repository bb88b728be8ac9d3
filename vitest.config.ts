import { defineConfig } from 'vitest/config';

// Pure tests share one process: modules hold no mutable state, so isolation buys nothing and costs most of the time.
export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['dist/**', 'node_modules/**'],
    pool: 'threads',
    isolate: false,
    setupFiles: ['test/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
