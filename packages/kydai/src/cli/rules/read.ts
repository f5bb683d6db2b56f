import { existsSync } from 'node:fs';
import { CoverageView, RuleExplanationView, RulesView } from '@kydai/contracts';
import { findRule, loadingRules, loadRules, runRuleTests } from '@kydai/siem';
import type { Command } from 'commander';
import { readContent } from '../../boot/content.ts';
import { dataPaths } from '../../boot/data-folder.ts';
import { ShellError } from '../../error.ts';
import { coverageOf } from '../../rules/desk.ts';
import { rulesInForce } from '../../rules/in-force.ts';
import { inTurns } from '../../rules/in-turns.ts';
import { fieldMapsOf, mappingFiles } from '../../rules/mappings.ts';
import { readPack } from '../../rules/pack.ts';
import { columns, styled } from '../output.ts';
import type { CommandContext } from '../program.ts';
import { createProgress } from '../progress.ts';
import { printCoverage, printExplanation } from './print.ts';
import { printProblems } from './problems.ts';

/** What can be asked of rules without changing any. */
export function addRuleReadingCommands(rules: Command, context: CommandContext): void {
  const { output, config } = context;
  const fieldMaps = (pipelines: readonly string[] = []) => {
    const named = [...mappingFiles(pipelines, '`--pipeline`'), ...mappingFiles(config().detection.mappings)];
    return fieldMapsOf(readContent(config().content).mappings, named);
  };
  const inForce = (pipelines?: readonly string[]) =>
    rulesInForce(readContent(config().content), dataPaths(config().data).path, fieldMaps(pipelines));
  const runs = () => existsSync(dataPaths(config().data).operatorFile);
  const pipelineOption = [
    '--pipeline <file...>',
    'where log sources keep their fields, besides those of the settings',
  ] as const;
  /** The rule files; one that is too large counts as broken. */
  const filesOf = async (path: string | undefined) => {
    if (path === undefined) return readContent(config().content).rules;
    const { files, tooLarge } = await readPack(path);
    if (files.length + tooLarge.length === 0)
      throw new ShellError('usage', `\`${path}\` holds no rule file (.yml)`);
    for (const file of tooLarge) output.write(`error ${file}: larger than a rule can be\n`);
    if (tooLarge.length > 0) context.exit(1);
    return files;
  };

  rules
    .command('check')
    .description('check detection rules; exit 1 where one is broken')
    .argument('[path]', 'folder, .zip, .tar.gz or .yml; our own rules without it')
    .option(...pipelineOption)
    .action(async (path: string | undefined, { pipeline }: Pipelines) => {
      const files = await filesOf(path);
      const progress = createProgress(output);
      const loading = loadingRules(files, { fieldMaps: fieldMaps(pipeline) });
      const { rules: found, problems } = await inTurns(loading, (read) =>
        progress.show(read / files.length, `${read} of ${files.length} files read`),
      );
      progress.clear();
      output.write(`${found.rules.length} rules and ${found.correlations.length} correlations\n`);
      if (printProblems(output, problems) > 0) context.exit(1);
    });

  rules
    .command('test')
    .description('run the cases in the rules’ own files; exit 1 where one fails')
    .argument('[path]', 'folder, .zip, .tar.gz or .yml; our own rules without it')
    .option(...pipelineOption)
    .action(async (path: string | undefined, { pipeline }: Pipelines) => {
      const options = { fieldMaps: fieldMaps(pipeline) };
      const { results, problems, untested } = runRuleTests(await filesOf(path), options);
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
      const rows = runs() ? await asked(text, options.pack) : read(text, options.pack);
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
    .description(
      'say what a rule looks for, where, what it costs, and whether the sources here can make it fire',
    )
    .argument('<rule>', 'id or name of a rule in force, or a file')
    .option(...pipelineOption)
    .action(async (name: string, { pipeline }: Pipelines) => {
      const text = existsSync(name) ? (await readPack(name)).files : undefined;
      const { rules: known, problems } =
        text === undefined
          ? { rules: inForce(pipeline).rules, problems: [] }
          : loadRules(text, { fieldMaps: fieldMaps(pipeline) });
      printProblems(output, problems);
      const rule =
        text === undefined ? findRule(known, name) : (known.correlations.at(-1) ?? known.rules.at(0));
      if (rule === undefined) throw new ShellError('not-found', `no rule is called \`${name}\``);
      // Pipelines of the command line are known here only.
      const asks = runs() && pipeline === undefined;
      const view = asks
        ? await context.operator().call('POST', '/api/v1/rules/explain', RuleExplanationView, {
            ...(text === undefined
              ? { rule: rule.id }
              : { text: text.map((file) => file.text).join('\n---\n') }),
          })
        : undefined;
      printExplanation(output, known, rule, view);
    });

  rules
    .command('coverage')
    .description('the map of ATT&CK: which techniques the rules in force speak of')
    .option('--techniques', 'every technique that is covered, with its rules')
    .option('--json', 'print the map as JSON')
    .action(async (options: { json?: boolean; techniques?: boolean }) => {
      const map = runs()
        ? await context.operator().call('GET', '/api/v1/rules/coverage', CoverageView)
        : coverageOf(inForce().rules);
      if (options.json) output.write(`${JSON.stringify(map)}\n`);
      else printCoverage(output, map, options.techniques === true);
    });

  interface Pipelines {
    readonly pipeline?: readonly string[];
  }

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
