import { execFile } from 'node:child_process';

/** Counts what held and keeps what did not. */
export class Checks {
  passed = 0;
  readonly failures: string[] = [];

  ok(what: string, holds: boolean, detail = ''): void {
    if (holds) this.passed += 1;
    else this.fail(what, detail);
  }

  equal(what: string, actual: unknown, expected: unknown): void {
    this.ok(what, actual === expected, `expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
  }

  matches(what: string, text: string, pattern: RegExp): void {
    this.ok(what, pattern.test(text), `expected ${pattern}, got:\n${text.slice(0, 600)}`);
  }

  fail(what: string, detail: string): void {
    this.failures.push(`not so: ${what}${detail === '' ? '' : `\n  ${detail.replaceAll('\n', '\n  ')}`}`);
  }
}

/** Runs a command in a folder, with bounded time and output. Never rejects: the exit code tells. */
export function command(
  folder: string,
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { cwd: folder, env: { ...process.env, ...environment }, timeout: 60_000, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) =>
        resolve({
          code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1,
          output: stdout + stderr,
        }),
    );
  });
}

/** Runs a line of shell. */
export const shell = (folder: string, line: string) =>
  command(folder, 'bash', ['-euo', 'pipefail', '-c', line]);
