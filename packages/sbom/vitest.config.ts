import { defineConfig } from 'vitest/config';

// Compiling the CycloneDX schema takes a third of a second alone, and seconds on a machine that builds other things.
export default defineConfig({ test: { testTimeout: 60_000 } });
