import { defineConfig } from 'vitest/config';

/** Flows that start many programs one after another: `npm run test:long`, so that `npm test` stays short. */
export const longFlows = [
  'authority-kill',
  'bad-input',
  'bundles',
  'city',
  'collect',
  'findings',
  'flood',
  'hostile-requests',
  'pki',
  'policies',
  'power-loss',
  'ship',
].map((name) => `flow/${name}.test.ts`);

export const settings = {
  testTimeout: 60_000,
  hookTimeout: 90_000,
  // Each file may start a program of its own; two cores carry two of them.
  maxWorkers: 2,
};

export default defineConfig({
  test: {
    ...settings,
    include: ['flow', 'content', 'architecture', 'browser'].map((folder) => `${folder}/**/*.test.ts`),
    exclude: longFlows,
  },
});
