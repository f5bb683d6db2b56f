import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'flow/**/*.test.ts',
      'content/**/*.test.ts',
      'architecture/**/*.test.ts',
      'browser/**/*.test.ts',
    ],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Each file may start a program of its own; two cores carry two of them.
    maxWorkers: 2,
  },
});
