import { existsSync, readFileSync } from 'node:fs';
import { HuntView } from '@kydai/contracts';
import type { Command } from 'commander';
import { ShellError } from '../error.ts';
import { duration, styled } from './output.ts';
import type { CommandContext } from './program.ts';
import { span } from './span.ts';

export function addHuntCommand(program: Command, { output, operator }: CommandContext): void {
  program
    .command('hunt')
    .description('run a detection rule over the events of the past')
    .argument('<rule>', 'a Sigma rule file, or the id or name of a rule in force')
    .option('--since <span>', 'how far back: 90s, 15m, 24h, 30d', '30d')
    .option('--limit <n>', 'how many hits to print, oldest first', '100')
    .option('--json', 'print one JSON document a line')
    .action(async (rule: string, options: { since: string; limit: string; json?: boolean }) => {
      const quarry = existsSync(rule) ? { text: readFileSync(rule, 'utf8') } : { rule };
      if (!/^\d+$/.test(options.limit))
        throw new ShellError('usage', `\`${options.limit}\` is not a number of hits`);
      const found = await operator().call('POST', '/api/v1/hunts', HuntView, {
        ...quarry,
        from: new Date(Date.now() - span(options.since)).toISOString(),
        limit: Number(options.limit),
      });
      for (const warning of found.warnings)
        output.write(`${styled(output, 'yellow', 'warning')} ${warning}\n`);
      for (const hit of found.hits) {
        if (options.json) output.write(`${JSON.stringify(hit)}\n`);
        else {
          const about = hit.entities.map(({ type, id }) => `${type}:${id}`).join(' ');
          const events = hit.eventCount === 1 ? '1 event' : `${hit.eventCount} events`;
          output.write(
            `${styled(output, 'dim', new Date(hit.time).toISOString())}  ${about}  ${events}  ${hit.eventIds[0] ?? ''}\n`,
          );
        }
      }
      if (options.json) return;
      const more = found.total > found.hits.length ? `, the first ${found.hits.length} shown` : '';
      const cut = found.complete ? '' : '; a bound ended the hunt, narrow it with --since';
      output.write(
        `${found.rule.title}: ${found.total} hits${more}; ${found.judged} events judged in ${duration(found.ms)}${cut}\n`,
      );
    });
}
