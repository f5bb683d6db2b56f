import { RuleDetailView } from '@kydai/contracts';
import type { Command } from 'commander';
import { ShellError } from '../../error.ts';
import type { CommandContext } from '../program.ts';
import { span } from '../span.ts';

/** What somebody changes about one rule in force; the audit log keeps who and why. */
export function addRuleChangeCommands(rules: Command, { output, operator }: CommandContext): void {
  const change = async (rule: string, body: object) => {
    const path = `/api/v1/rules/${encodeURIComponent(rule)}`;
    return operator().call('POST', path, RuleDetailView, body);
  };

  for (const enabled of [false, true]) {
    rules
      .command(enabled ? 'on' : 'off')
      .description(
        enabled ? 'let a rule report again' : 'let a rule report nothing; correlations still count it',
      )
      .argument('<rule>', 'id or name of a rule in force')
      .requiredOption('--reason <text>', 'why, for the audit log')
      .action(async (rule: string, { reason }: { reason: string }) => {
        const { title } = await change(rule, { enabled, reason });
        output.write(`${title}: ${enabled ? 'on' : 'off'}\n`);
      });
  }

  rules
    .command('limit')
    .description('limit how much one rule tells; what is held back is counted')
    .argument('<rule>', 'id or name of a rule in force')
    .requiredOption('--reason <text>', 'why, for the audit log')
    .option('--per-source <n>', 'detections about the same entities in a window', number)
    .option('--per-rule <n>', 'detections in a window', number)
    .option('--window <span>', 'length of the window: 30s, 10m, 24h', span)
    .option('--none', 'back to the limits of every rule')
    .action(async (rule: string, options: LimitOptions) => {
      const { reason, perSource, perRule, window, none } = options;
      if (!none && perSource === undefined && perRule === undefined && window === undefined)
        throw new ShellError('usage', 'give `--per-source`, `--per-rule`, `--window`, or `--none`');
      const windowSeconds = window === undefined ? undefined : window / 1000;
      const throttle = none ? null : { perSource, perRule, windowSeconds };
      const { title, limits } = await change(rule, { throttle, reason });
      output.write(
        `${title}: ${limits.perSource} about the same entities, ${limits.perRule} in all, in ${limits.windowSeconds} s\n`,
      );
    });
}

interface LimitOptions {
  readonly reason: string;
  readonly perSource?: number;
  readonly perRule?: number;
  readonly window?: number;
  readonly none?: boolean;
}

function number(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text))
    throw new ShellError('usage', `\`${text}\` is not a number of detections`);
  return Number(text);
}
