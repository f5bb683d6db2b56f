#!/usr/bin/env node
import { KydaiError } from '@kydai/contracts';
import { standardOutput, styled } from './cli/output.ts';
import { createProgram } from './cli/program.ts';

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
