#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Before anything of ours is loaded, so that a pipeline's second call starts from what the first one compiled.
enableCompileCache();
const { KydaiError } = await import('@kydai/contracts');
const { standardOutput, styled } = await import('./cli/output.ts');
const { createProgram } = await import('./cli/program.ts');

try {
  process.exitCode = await createProgram(standardOutput).run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof KydaiError)) throw error;
  const stderr = {
    write: (text: string) => process.stderr.write(text),
    terminal: process.stderr.isTTY === true,
  };
  process.stderr.write(`${styled(stderr as never, 'red', 'kydai:')} ${error.message}\n`);
  process.exitCode = 2;
}
