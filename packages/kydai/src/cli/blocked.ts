import { isIP } from 'node:net';
import type { Command } from 'commander';
import { z } from 'zod';
import { columns } from './output.ts';
import type { CommandContext } from './program.ts';

const BlockedList = z.object({
  items: z.array(
    z.object({ kind: z.string(), id: z.string(), reason: z.string(), by: z.string(), at: z.number() }),
  ),
});

export function addBlockedCommand(program: Command, { output, operator }: CommandContext): void {
  program
    .command('blocked')
    .description('list the addresses and builds that responses blocked, or lift a block')
    .option('--release <id>', 'the address or build to let through again')
    .action(async ({ release }: { release?: string }) => {
      const client = operator();
      if (release !== undefined) {
        const kind = isIP(release) === 0 ? 'build' : 'address';
        await client.call('POST', '/api/v1/blocked/release', BlockedList, { kind, id: release });
        return output.write(`${release} is let through again.\n`);
      }
      const { items } = await client.call('GET', '/api/v1/blocked', BlockedList);
      if (items.length === 0) return output.write('Nothing is blocked.\n');
      output.write(
        columns(
          items.map(({ kind, id, at, by, reason }) => [kind, id, new Date(at).toISOString(), by, reason]),
        ),
      );
    });
}
