import { existsSync } from 'node:fs';
import { RulesView } from '@kydai/contracts';
import { explainRule, findRule, loadRules, runRuleTests } from '@kydai/siem';
import type { Command } from 'commander';
import { readContent } from '../../boot/content.ts';
import { dataPaths } from '../../boot/data-folder.ts';
import { ShellError } from '../../error.ts';
import { coverageOf } from '../../rules/desk.ts';
import { rulesInForce } from '../../rules/in-force.ts';
import { readPack } from '../../rules/pack.ts';
import { columns, styled } from '../output.ts';
import type { CommandContext } from '../program.ts';
import { printProblems } from './problems.ts';

/** What can be asked of rules without changing any. */
export function addRuleReadingCommands(rules: Command, context: CommandContext): void {
  const { output, config } = context;
  const inForce = () => rulesInForce(readContent(config().content), dataPaths(config().data).path);
  const filesOf = async (path: string | undefined) =>
    path === undefined ? readContent(config().content).rules : (await readPack(path)).files;

  rules
    .command('check')
    .description('check detection rules; exit 1 where one is broken')
    .argument('[path]', 'folder, .zip, .tar.gz or .yml; our own rules without it')
    .action(async (path?: string) => {
      const { rules: found, problems } = loadRules(await filesOf(path));
      output.write(`${found.rules.length} rules and ${found.correlations.length} correlations\n`);
      if (printProblems(output, problems) > 0) context.exit(1);
    });

  rules
    .command('test')
    .description('run the cases in the rules’ own files; exit 1 where one fails')
    .argument('[path]', 'folder, .zip, .tar.gz or .yml; our own rules without it')
    .action(async (path?: string) => {
      const { results, problems, untested } = runRuleTests(await filesOf(path));
      const errors = printProblems(output, problems);
      const failed = results.filter(({ passed }) => !passed);
      for (const { file, name, fires, fired } of failed) {
        const wanted = fires ? 'should fire' : 'should stay quiet';
        output.write(
          `${styled(output, 'red', 'failed')} ${file}: ${name}: ${wanted}, fired ${fired} times\n`,
        );
      }
      for (const id of untested)
        output.write(
          `${styled(output, 'yellow', 'untested')} ${id}: needs a case that fires and one that does not\n`,
        );
      output.write(`${results.length - failed.length} passed, ${failed.length} failed\n`);
      if (failed.length > 0 || errors > 0) context.exit(1);
    });

  rules
    .command('list')
    .description('list the rules in force; how often each fired where the program runs')
    .argument('[text]', 'part of an id, title, technique or category', '')
    .option('--pack <name>', 'of one imported pack only')
    .option('--json', 'print one JSON document a line')
    .action(async (text: string, options: { pack?: string; json?: boolean }) => {
      const runs = existsSync(dataPaths(config().data).operatorFile);
      const rows = runs ? await asked(text, options.pack) : read(text, options.pack);
      if (options.json) for (const row of rows) output.write(`${JSON.stringify(row)}\n`);
      else {
        const fired = (row: Row) => (row.fired === undefined ? '' : `fired ${row.fired}`);
        output.write(
          columns(rows.map((row) => [row.id, row.level, row.pack ?? 'own', fired(row), row.title])),
        );
        output.write(`${rows.length} rules\n`);
      }
    });

  rules
    .command('explain')
    .description('say what a rule looks for, where, and what it costs')
    .argument('<rule>', 'id or name of a rule in force, or a file')
    .action(async (name: string) => {
      const { rules: known, problems } = existsSync(name)
        ? loadRules((await readPack(name)).files)
        : { rules: inForce().rules, problems: [] };
      printProblems(output, problems);
      const rule = existsSync(name) ? (known.correlations.at(-1) ?? known.rules[0]) : findRule(known, name);
      if (rule === undefined) throw new ShellError('not-found', `no rule is called \`${name}\``);
      output.write(`${styled(output, 'bold', rule.title)}  ${rule.level}  ${rule.id}\n`);
      if ('type' in rule) {
        const by = rule.groupBy.map((field) => field.name).join(', ');
        output.write(
          `\ncounts ${rule.type} within ${rule.timespan / 1000} s${by === '' ? '' : ` by ${by}`}\n`,
        );
        for (const { compare, value } of rule.thresholds) output.write(`  ${compare} ${value}\n`);
        output.write(
          `fed by\n${rule.rules.map((id) => `  ${id}  ${findRule(known, id)?.title ?? ''}\n`).join('')}`,
        );
        return;
      }
      const { outline, datasets, fields, cost } = explainRule(rule);
      const source = Object.entries(rule.logsource).map(([key, value]) => `${key} ${value}`);
      output.write(`\nlog source  ${source.join(', ')}\n`);
      output.write(`datasets    ${datasets.length === 0 ? 'all' : datasets.join(', ')}\n\nmatches\n`);
      output.write(outline.map((line) => `  ${line}\n`).join(''));
      output.write('\nfields\n');
      output.write(columns(fields.map((field) => [`  ${field.name}`, field.sources.join(', ')])));
      const woken = cost.always
        ? 'tried on every event of its datasets'
        : `tried where one of these is seen: ${cost.wakers.join(' ')}`;
      output.write(`\ncost        ${cost.predicates} questions, ${cost.indexed} by the index; ${woken}\n`);
    });

  rules
    .command('coverage')
    .description('the map of ATT&CK: which techniques the rules in force speak of')
    .option('--json', 'print the map as JSON')
    .action((options: { json?: boolean }) => {
      const map = coverageOf(inForce().rules);
      if (options.json) {
        output.write(`${JSON.stringify(map)}\n`);
        return;
      }
      output.write(
        columns(
          map.techniques.map(({ technique, matrix, count, rules: named }) => [
            technique,
            matrix,
            String(count),
            named[0]?.title ?? '',
          ]),
        ),
      );
      output.write(`${map.techniques.length} techniques; ${map.untagged} rules name none\n`);
    });

  interface Row {
    readonly id: string;
    readonly title: string;
    readonly level: string;
    readonly pack: string | null;
    readonly fired?: number;
  }

  async function asked(text: string, pack: string | undefined): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for (let total = 1; rows.length < total; ) {
      const parameters = new URLSearchParams({ q: text, limit: '1000', offset: String(rows.length) });
      if (pack !== undefined) parameters.set('pack', pack);
      const page = await context.operator().call('GET', `/api/v1/rules?${parameters}`, RulesView);
      rows.push(...page.items);
      if (page.items.length === 0) break;
      total = page.total;
    }
    return rows;
  }

  function read(text: string, pack: string | undefined): readonly Row[] {
    const { rules: found, packOf } = inForce();
    return [...found.rules, ...found.correlations]
      .filter((rule) => rule.reports && (pack === undefined || packOf(rule.id) === pack))
      .filter(({ id, title, techniques }) =>
        `${id} ${title} ${techniques.join(' ')}`.toLowerCase().includes(text.toLowerCase()),
      )
      .map(({ id, title, level }) => ({ id, title, level, pack: packOf(id) ?? null }));
  }
}
