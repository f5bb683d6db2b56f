import { defineConfig } from 'vitest/config';

// Real sockets, openssl and property tests take seconds on a machine that has other work.
export default defineConfig({ test: { testTimeout: 60_000 } });
