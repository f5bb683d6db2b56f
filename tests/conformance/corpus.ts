import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a suite reports. `failures` holds one line each; the runner prints the first 50. */
export interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped?: number;
  readonly failures: readonly string[];
}

export interface SuiteOptions {
  /** The folder or archive named by `--corpus`. */
  readonly corpus?: string;
  /** The folder or archive named by `--rules`. */
  readonly rules?: string;
  /** The folder of outside test material beside the project. */
  readonly shared: string;
}

/** The material that a suite needs is not on this machine: the suite is skipped, and says so. */
export class MissingCorpus extends Error {}

const unpacked: string[] = [];

/** The folder itself, or the folder that a `.tar.gz` was unpacked into (removed at exit). */
export async function openCorpus(path: string): Promise<string> {
  if (!existsSync(path)) throw new MissingCorpus(`\`${path}\` is not here`);
  if (statSync(path).isDirectory()) return path;
  const folder = mkdtempSync(join(tmpdir(), 'kydai-corpus-'));
  if (unpacked.push(folder) === 1) {
    process.once('exit', () => {
      for (const each of unpacked) rmSync(each, { recursive: true, force: true });
    });
  }
  execFileSync('tar', ['xzf', path, '-C', folder]);
  return folder;
}
