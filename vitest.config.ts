import { defineConfig } from 'vitest/config';

const shared = { setupFiles: ['test/setup.ts'], testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    // All processors: by default one is left free, which doubles the time on two.
    maxWorkers: '100%',
    projects: [
      {
        // Pure tests share one process: modules hold no mutable state, so isolation buys nothing and costs most of the time.
        test: {
          ...shared,
          name: 'pure',
          include: ['**/*.test.ts'],
          exclude: ['dist/**', 'node_modules/**', 'drivers/linux/**', 'cli/e2e/**'],
          pool: 'threads',
          isolate: false,
        },
      },
      {
        // Real servers, processes and containers: a process of its own for each file.
        test: {
          ...shared,
          name: 'linux',
          include: ['drivers/linux/**/*.test.ts', 'cli/e2e/**/*.test.ts'],
          exclude: ['dist/**', 'node_modules/**'],
          pool: 'forks',
          isolate: true,
        },
      },
    ],
  },
});
