import { loadPlaybooks } from '@kydai/csirt';
import { loadPolicySet } from '@kydai/policy';
import { loadRules } from '@kydai/siem';
import type { Command } from 'commander';
import { readContent } from '../boot/content.ts';
import { fieldMapsOf, mappingFiles } from '../rules/mappings.ts';
import { columns, styled } from './output.ts';
import type { CommandContext } from './program.ts';
import { addRuleChangeCommands } from './rules/change.ts';
import { addRulePackCommands } from './rules/packs.ts';
import { printProblems } from './rules/problems.ts';
import { addRuleReadingCommands } from './rules/read.ts';

export function addRulesCommands(program: Command, context: CommandContext): void {
  const { output, config } = context;
  program
    .command('check')
    .description('check policies, detection rules and playbooks; exit 1 where one is broken')
    .action(() => {
      const content = readContent(config().content);
      // A policy that does not parse or validate is thrown with its file, line and column.
      const policySet = loadPolicySet({ schema: content.schema, policies: content.policies });
      const fieldMaps = fieldMapsOf(content.mappings, mappingFiles(config().detection.mappings));
      const { rules, problems } = loadRules(content.rules, { fieldMaps });
      const { playbooks, problems: broken } = loadPlaybooks(content.playbooks);
      output.write(
        columns([
          ['policies', String(policySet.policies.length), `set ${policySet.digest}`],
          ['rules', String(rules.rules.length), `and ${rules.correlations.length} correlations`],
          ['mappings', String(content.mappings.length), 'of log sources'],
          ['playbooks', String(playbooks.length), ''],
        ]),
      );
      printProblems(output, problems);
      for (const { file, path, message } of broken)
        output.write(`${styled(output, 'red', 'error')} ${file}: ${path} ${message}\n`);
      if (problems.some(({ severity }) => severity === 'error') || broken.length > 0) context.exit(1);
    });

  const rules = program
    .command('rules')
    .description('detection rules: check, test, explain, import, switch on and off, limit');
  addRuleReadingCommands(rules, context);
  addRulePackCommands(rules, context);
  addRuleChangeCommands(rules, context);
}
