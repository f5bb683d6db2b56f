import { existsSync, readFileSync, statSync } from 'node:fs';
import { HuntNews } from '@kydai/contracts';
import type { Command } from 'commander';
import { ShellError } from '../error.ts';
import { duration, oneLine, styled } from './output.ts';
import type { CommandContext } from './program.ts';
import { createProgress } from './progress.ts';
import { span } from './span.ts';

interface Options {
  readonly since: string;
  readonly limit: string;
  readonly json?: boolean;
}

const mostHits = 10_000;
const mostBytes = 500_000;

export function addHuntCommand(program: Command, { output, operator, exit }: CommandContext): void {
  program
    .command('hunt')
    .description('run a detection rule over the events of the past; Ctrl-C ends it with what it found')
    .argument('<rule>', 'a Sigma rule file, or the id, name or title of a rule in force')
    .option('--since <span>', 'how far back: 90s, 15m, 24h, 30d', '30d')
    .option('--limit <n>', 'how many hits to print, oldest first, at most 10000', '100')
    .option('--json', 'print one JSON document a line')
    .action(async (rule: string, options: Options) => {
      const quarry = quarryOf(rule);
      if (!/^[1-9]\d{0,4}$/.test(options.limit) || Number(options.limit) > mostHits)
        throw new ShellError('usage', `\`${options.limit}\` is not a number of hits from 1 to ${mostHits}`);
      const body = {
        ...quarry,
        from: new Date(Math.max(0, Date.now() - span(options.since))).toISOString(),
        limit: Number(options.limit),
      };
      const calledOff = new AbortController();
      process.once('SIGINT', () => calledOff.abort());
      const progress = createProgress(output);
      let judged = 0;
      let total = 0;
      try {
        for await (const news of operator().follow('/api/v1/hunts', HuntNews, body, calledOff.signal)) {
          progress.clear();
          if (news.type === 'progress') {
            ({ judged, total } = news);
            for (const hit of news.hits) tellHit(hit);
            const share = (news.through - news.from) / Math.max(1, news.to - news.from);
            progress.show(share, `${total} hits, ${judged} events judged`);
          } else if (news.type === 'done') tellEnd(news.view);
        }
      } catch (error) {
        progress.clear();
        if (!calledOff.signal.aborted) throw error;
        output.write(`called off: ${total} hits so far; ${judged} events judged\n`);
        exit(130);
      }

      function tellHit(hit: Extract<HuntNews, { type: 'progress' }>['hits'][number]): void {
        if (options.json) {
          output.write(`${JSON.stringify(hit)}\n`);
          return;
        }
        const about = hit.entities.map(({ type, id }) => `${type}:${id}`).join(' ');
        const events = hit.eventCount === 1 ? '1 event' : `${hit.eventCount} events`;
        const time = styled(output, 'dim', new Date(hit.time).toISOString());
        output.write(`${time}  ${oneLine(about)}  ${events}  ${hit.eventIds[0] ?? ''}\n`);
      }

      function tellEnd(view: Extract<HuntNews, { type: 'done' }>['view']): void {
        if (options.json) return;
        for (const warning of view.warnings)
          output.write(`${styled(output, 'yellow', 'warning')} ${warning}\n`);
        const more = view.total > view.hits.length ? `, the first ${view.hits.length} shown` : '';
        const cut = view.complete ? '' : '; a bound ended the hunt, narrow it with --since';
        output.write(
          `${view.rule.title}: ${view.total} hits${more}; ${view.judged} events judged in ${duration(view.ms)}${cut}\n`,
        );
      }
    });
}

/** The text of a rule file, or what may be called so. */
function quarryOf(rule: string): { readonly text: string } | { readonly rule: string } {
  if (rule === '') throw new ShellError('usage', 'name a rule, or its file');
  const file = existsSync(rule) ? statSync(rule) : undefined;
  if (!file?.isFile()) return { rule };
  if (file.size > mostBytes) throw new ShellError('usage', `\`${rule}\` is larger than a rule can be`);
  return { text: readFileSync(rule, 'utf8') };
}
