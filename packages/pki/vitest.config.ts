import { defineConfig } from 'vitest/config';

// Some tests run openssl and curl many times over; a busy machine takes its time for that.
export default defineConfig({ test: { testTimeout: 60_000 } });
