import { spawnSync } from 'node:child_process';

/** Whether openssl is on this machine. What is compared with it is skipped where it is not: npm is all that tests ask for. */
export const hasOpenssl = spawnSync('openssl', ['version']).error === undefined;
