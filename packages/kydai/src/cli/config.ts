import type { Command } from 'commander';
import { settings } from '../config/schema.ts';
import { columns, styled } from './output.ts';
import type { CommandContext } from './program.ts';

export function addConfigCommand(program: Command, { config, output }: CommandContext): void {
  program
    .command('config')
    .description('show every setting: its value in force, its environment variable, what it does')
    .action(() => {
      const values = config() as unknown as Record<string, unknown>;
      const rows = settings().map((setting) => {
        const value = setting.path
          .split('.')
          .reduce<unknown>((group, name) => (group as Record<string, unknown>)[name], values);
        const shown = Array.isArray(value) ? value.map(plain).join(', ') : plain(value);
        return [
          setting.path,
          setting.secret && shown !== '' ? '(set)' : shown === '' ? '-' : shown,
          setting.variable,
          setting.description,
        ];
      });
      output.write(styled(output, 'bold', columns([['setting', 'value', 'environment', 'what it does']])));
      output.write(columns(rows));
      output.write('\nIn kydai.yaml a setting such as http.port is written:\n\n  http:\n    port: 8470\n');
    });
}

function plain(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
