import { Command, CommanderError, Option } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { version } from '../version.ts';
import { commandOf, shelves } from './commands.ts';
import { connectOperator, type OperatorClient } from './operator-client.ts';
import type { Output } from './output.ts';

/** What every command gets. */
export interface CommandContext {
  readonly output: Output;
  /** The configuration: file, environment, defaults. @throws ShellError `setting` */
  config(): Config;
  /** The program that runs on this data folder. @throws ShellError `not-running` */
  operator(): OperatorClient;
  /** Sets what the process will exit with. */
  exit(code: number): void;
}

/** The command line. `run` resolves to the exit code; deliberate errors are thrown. */
export function createProgram(output: Output): { run(args: readonly string[]): Promise<number> } {
  let exitCode = 0;
  const program = new Command('kydai')
    .description(
      'Kỳ Đài: security operations and zero trust for a smart city’s operations centre.\n' +
        'From a log line to a revoked certificate, with evidence.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show help for a command')
    .addOption(
      new Option('-c, --config <file>', 'configuration file (default: kydai.yaml where there is one)').env(
        'KYDAI_CONFIG',
      ),
    )
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => output.write(text),
      writeErr: (text) => process.stderr.write(text),
      outputError: (text, writeError) => writeError(`kydai: ${text.replace(/^error: /, '')}`),
    })
    .showSuggestionAfterError()
    .exitOverride();

  const context: CommandContext = {
    output,
    config: () => {
      const named = program.opts<{ config?: string }>().config;
      return loadConfig({
        file: named ?? 'kydai.yaml',
        required: named !== undefined,
        environment: process.env,
      });
    },
    operator: () => connectOperator(context.config().data),
    exit: (code) => {
      exitCode = code;
    },
  };

  /** Loads the module of the one command that is called; all of them for help, and to suggest what was meant. */
  const addCommands = async (called: string | undefined) => {
    const all = [...shelves.values()].flat();
    const one = all.find(({ names }) => names.some((name) => name === called));
    for (const [heading, group] of shelves) {
      program.commandsGroup(heading);
      for (const shelf of group) {
        if (one === undefined || one === shelf) (await shelf.load())(program, context);
      }
    }
  };

  return {
    async run(args) {
      await addCommands(commandOf(args));
      try {
        await program.parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' });
      } catch (error) {
        if (!(error instanceof CommanderError)) throw error;
        return error.exitCode === 0 ? 0 : 2;
      }
      return exitCode;
    },
  };
}
