import { defineConfig } from 'vitest/config';

// Comparisons with the reference engine take seconds on a machine that has other work.
export default defineConfig({ test: { testTimeout: 60_000 } });
