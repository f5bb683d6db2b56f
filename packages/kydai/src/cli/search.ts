import { EventPageView } from '@kydai/contracts';
import type { Command } from 'commander';
import { exportFound } from './export.ts';
import { oneLine, styled } from './output.ts';
import type { CommandContext } from './program.ts';
import { span } from './span.ts';

interface Options {
  readonly since?: string;
  readonly limit: string;
  readonly json?: boolean;
  readonly export?: string;
}

export function addSearchCommand(program: Command, { output, operator }: CommandContext): void {
  program
    .command('search')
    .description('search the events: source.ip:10.0.0.0/8 and not event.outcome:success')
    .argument('[query...]', 'field:value, ranges, wildcards, "phrases", and, or, not; all events without one')
    .option('--since <span>', 'how far back: 90s, 15m, 24h, 30d')
    .option('--limit <n>', 'how many, newest first', '20')
    .option('--json', 'print one JSON document a line')
    .option('--export <file>', 'write all that match, oldest first, to a file: .ndjson, .csv or .parquet')
    .action(async (words: string[], options: Options, command: Command) => {
      if (options.export !== undefined) {
        const limit = command.getOptionValueSource('limit') === 'default' ? undefined : options.limit;
        return exportFound(words.join(' '), { ...options, file: options.export, limit }, output, operator());
      }
      const parameters = new URLSearchParams({ q: words.join(' '), limit: options.limit });
      if (options.since !== undefined)
        parameters.set('from', new Date(Date.now() - span(options.since)).toISOString());
      const page = await operator().call('GET', `/api/v1/events?${parameters}`, EventPageView);
      for (const event of page.events) {
        if (options.json) output.write(`${JSON.stringify(event)}\n`);
        else
          output.write(
            `${styled(output, 'dim', `${event.time}  ${event.dataset.padEnd(14)}`)}  ${oneLine(event.raw)}\n`,
          );
      }
      if (page.events.length === 0 && !options.json) output.write('No event matches.\n');
    });
}
