import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { ShellError } from '../error.ts';
import { HoldsView, SqlView, StoreStatsView } from '../http/routes/store.ts';
import { MigrationView } from '../store/migrate.ts';
import { columns, styled } from './output.ts';
import type { CommandContext } from './program.ts';

/** The event store itself. */
export function addStoreCommands(program: Command, context: CommandContext): void {
  const { output, operator } = context;
  const store = program
    .command('store')
    .description('the event store: size, legal holds, SQL, move to Elasticsearch');

  store
    .command('stats')
    .description('how many events are kept, where, and since when')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const stats = await operator().call('GET', '/api/v1/store', StoreStatsView);
      if (json) return output.write(`${JSON.stringify(stats)}\n`);
      const { events, bytes } = stats;
      const rate = events && bytes ? ` (${(bytes / events).toFixed(1)} bytes an event)` : '';
      output.write(
        columns([
          ['store', stats.store],
          ...(stats.problem === null ? [] : [['problem', stats.problem]]),
          ['events', events?.toLocaleString('en') ?? '-'],
          ['size', bytes === null ? '-' : `${(bytes / 1e6).toFixed(1)} MB${rate}`],
          ['oldest', stats.oldest ?? '-'],
          ['newest', stats.newest ?? '-'],
          ...(stats.store === 'lake'
            ? []
            : [['waiting', `${stats.waiting.toLocaleString('en')} on disk here`]]),
        ]),
      );
    });

  store
    .command('hold')
    .description('keep events from being deleted, until released (a legal hold)')
    .argument('<id>', 'a name of your choice, such as the number of the case')
    .requiredOption('--reason <text>', 'why, and by whose order')
    .option('--dataset <name>', 'of one dataset only')
    .option('--from <time>', 'events from this time (RFC 3339)')
    .option('--to <time>', 'events before this time')
    .action(async (id: string, options: { reason: string; dataset?: string; from?: string; to?: string }) => {
      const { from, to, ...rest } = options;
      const body = { id, ...rest, ...(from && { from: moment(from) }), ...(to && { to: moment(to) }) };
      await operator().call('POST', '/api/v1/store/holds', z.undefined(), body);
      output.write(`Held: ${id}\n`);
    });

  store
    .command('release')
    .description('end a legal hold')
    .argument('<id>')
    .action(async (id: string) => {
      const Released = z.object({ released: z.boolean() });
      const { released } = await operator().call('POST', '/api/v1/store/holds/release', Released, { id });
      if (!released)
        throw new ShellError('not-found', `there is no hold \`${id}\`; \`kydai store holds\` lists them`);
      output.write(`Released: ${id}\n`);
    });

  store
    .command('holds')
    .description('list the legal holds')
    .action(async () => {
      const { holds } = await operator().call('GET', '/api/v1/store/holds', HoldsView);
      if (holds.length === 0) output.write('There is no legal hold.\n');
      output.write(
        columns(
          holds.map(({ id, dataset = '*', from = '…', to = '…', reason }) => [
            id,
            dataset,
            `${from} to ${to}`,
            reason,
          ]),
        ),
      );
    });

  store
    .command('sql')
    .description('ask the lake in SQL: one SELECT over the table events, in a sandbox')
    .argument('<sql>')
    .option('--json', 'print one JSON array a line')
    .action(async (sql: string, { json }: { json?: boolean }) => {
      const answer = await operator().call('POST', '/api/v1/store/sql', SqlView, { sql });
      if (json) for (const row of answer.rows) output.write(`${JSON.stringify(row)}\n`);
      else {
        const cells = answer.rows.map((row) => row.map((value) => (value === null ? '-' : String(value))));
        output.write(styled(output, 'bold', columns([[...answer.columns]])));
        output.write(columns(cells));
      }
      if (answer.truncated) output.write('… there are more rows; add a limit or aggregate\n');
    });

  store
    .command('migrate')
    .description('move the history of the lake to Elasticsearch; goes on where it stopped')
    .action(async () => {
      let view = await operator().call('POST', '/api/v1/store/migration', MigrationView, {});
      while (view.state === 'running') {
        if (output.terminal)
          output.write(`\r${view.copied.toLocaleString('en')} of ${view.total.toLocaleString('en')} events`);
        await delay(500);
        view = await operator().call('GET', '/api/v1/store/migration', MigrationView);
      }
      if (output.terminal) output.write('\n');
      if (view.error !== undefined)
        throw new ShellError('api', `${view.error}; run the command again to go on`);
      for (const { day, lake, elasticsearch } of view.missing)
        output.write(`${day}: ${lake} events in the lake, ${elasticsearch} in Elasticsearch\n`);
      const copied = view.copied.toLocaleString('en');
      if (view.state === 'done') output.write(`Moved ${copied} events; the counts of every day agree.\n`);
      else context.exit(1);
    });
}

function moment(text: string): string {
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new ShellError('usage', `\`${text}\` is not a time; write it like 2026-11-21T08:00:00Z`);
  return new Date(time).toISOString();
}
