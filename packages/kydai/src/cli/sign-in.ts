import type { Command } from 'commander';
import { z } from 'zod';
import type { CommandContext } from './program.ts';

export function addSignInCommand(program: Command, { output, operator }: CommandContext): void {
  program
    .command('sign-in')
    .description('print a one-time link that signs you in to the console as administrator')
    .action(async () => {
      const { link } = await operator().call(
        'POST',
        '/api/v1/sign-in-links',
        z.object({ link: z.string() }),
        {},
      );
      output.write(`${link}\n`);
    });
}
