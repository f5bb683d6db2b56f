import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { loadingRules } from '@kydai/siem';
import type { Command } from 'commander';
import { z } from 'zod';
import { readContent } from '../../boot/content.ts';
import { dataPaths } from '../../boot/data-folder.ts';
import { ShellError } from '../../error.ts';
import { inTurns } from '../../rules/in-turns.ts';
import { installPack, removePack } from '../../rules/installed.ts';
import { fieldMapsOf, mappingFiles } from '../../rules/mappings.ts';
import { readPack } from '../../rules/pack.ts';
import type { CommandContext } from '../program.ts';
import { createProgress } from '../progress.ts';
import { printProblems } from './problems.ts';

const Reloaded = z.object({ rules: z.number() });

/** Rule packs of others: kept in the data folder, never among our own. */
export function addRulePackCommands(rules: Command, context: CommandContext): void {
  const { output, config } = context;

  rules
    .command('import')
    .description('take in a pack of Sigma rules; broken ones are named and left out')
    .argument('<path>', 'folder, .zip or .tar.gz of Sigma rules, or one .yml')
    .option('--name <name>', 'name of the pack; an earlier one of this name is replaced')
    .action(async (path: string, options: { name?: string }) => {
      const { data, content, detection } = config();
      const { files, tooLarge } = await readPack(path);
      const named = mappingFiles(detection.mappings);
      const fieldMaps = fieldMapsOf(readContent(content).mappings, named);
      const progress = createProgress(output);
      const { rules: found, problems } = await inTurns(loadingRules(files, { fieldMaps }), (read) =>
        progress.show(read / files.length, `${read} of ${files.length} files read`),
      );
      progress.clear();
      const errors = printProblems(output, problems, 20);
      for (const file of tooLarge) output.write(`error ${file}: larger than a rule can be\n`);
      if (found.size === 0) throw new ShellError('usage', `\`${path}\` holds no rule that can be used`);
      const name = options.name ?? nameOf(path);
      installPack(dataPaths(data).path, name, files);
      const leftOut = errors + tooLarge.length;
      output.write(`Pack ${name}: ${found.size} rules${leftOut > 0 ? `, ${leftOut} left out` : ''}.\n`);
      await takeUp();
    });

  rules
    .command('remove')
    .description('give up an imported pack')
    .argument('<name>')
    .action(async (name: string) => {
      if (!removePack(dataPaths(config().data).path, name))
        throw new ShellError('not-found', `no imported pack is called \`${name}\``);
      output.write(`Pack ${name} is removed.\n`);
      await takeUp();
    });

  async function takeUp(): Promise<void> {
    if (!existsSync(dataPaths(config().data).operatorFile)) {
      output.write('The next start goes by it.\n');
      return;
    }
    const { rules: inForce } = await context.operator().call('POST', '/api/v1/rules/reload', Reloaded, {});
    output.write(`${inForce} rules are in force now.\n`);
  }
}

function nameOf(path: string): string {
  const plain = basename(path).replace(/\.(?:zip|tar\.gz|tgz|ya?ml)$/i, '');
  return (
    plain
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 63) || 'pack'
  );
}
