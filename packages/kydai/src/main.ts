#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';

// Before anything of ours is loaded, so that a pipeline's second call starts from what the first one compiled.
enableCompileCache();
// A runner of a pipeline has little memory, and what a scan makes it soon forgets: collecting earlier saves 50 MB.
if (process.argv[2] === 'sbom') {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=80');
}
const { KydaiError } = await import('@kydai/contracts/error');
const { standardOutput, styled, visible } = await import('./cli/output.ts');

// A pager that was closed wants no more; that is no fault of the command.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof KydaiError)) throw error;
  const stderr = {
    write: (text: string) => process.stderr.write(text),
    terminal: process.stderr.isTTY === true,
  };
  process.stderr.write(
    `${styled(stderr as never, 'red', 'kydai:')} ${visible(place(error) + error.message, false)}\n`,
  );
  process.exitCode = 2;
}

/** A device has little memory and no use for the rest: its commands come before all else is loaded. */
async function run(args: readonly string[]): Promise<number> {
  if (args[0] === 'device' && args[1] === 'open') {
    const { openReadings } = await import('./cli/device-open.ts');
    return await openReadings(args.slice(2), standardOutput, (line) => process.stderr.write(line));
  }
  if (args[0] === 'device') {
    const { runDevice } = await import('@kydai/device/command');
    return await runDevice(args.slice(1), standardOutput);
  }
  const { createProgram } = await import('./cli/program.ts');
  return await createProgram(standardOutput).run(args);
}

/** `file:line:column: ` where the error knows its place. */
function place(error: object): string {
  const { file, line, column } = error as { file?: string; line?: number; column?: number };
  if (file === undefined || !('message' in error) || String(error.message).startsWith(file)) return '';
  return `${[file, line, column].filter((part) => part !== undefined).join(':')}: `;
}
