import { Command, CommanderError, Option } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { version } from '../version.ts';
import { addAuditCommands } from './audit.ts';
import { addBackupCommands } from './backup.ts';
import { addBlockedCommand } from './blocked.ts';
import { addConfigCommand } from './config.ts';
import { addDeviceCommands } from './device.ts';
import { addDrillCommand } from './drill.ts';
import { addHuntCommand } from './hunt.ts';
import { addIncidentCommands } from './incidents.ts';
import { connectOperator, type OperatorClient } from './operator-client.ts';
import type { Output } from './output.ts';
import { addPkiCommands } from './pki.ts';
import { addPolicyCommands } from './policy.ts';
import { addRulesCommands } from './rules.ts';
import { addSbomCommands } from './sbom.ts';
import { addSearchCommand } from './search.ts';
import { addShipCommand } from './ship.ts';
import { addSignInCommand } from './sign-in.ts';
import { addStartCommand } from './start.ts';
import { addStoreCommands } from './store.ts';
import { addTokenCommands } from './tokens.ts';

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

  program.commandsGroup('Run:');
  addStartCommand(program, context);
  addSignInCommand(program, context);
  addConfigCommand(program, context);
  program.commandsGroup('Work (with the program running):');
  addIncidentCommands(program, context);
  addSearchCommand(program, context);
  addHuntCommand(program, context);
  addPkiCommands(program, context);
  addTokenCommands(program, context);
  addBlockedCommand(program, context);
  addAuditCommands(program, context);
  addStoreCommands(program, context);
  addBackupCommands(program, context);
  addDrillCommand(program, context);
  program.commandsGroup('In a pipeline:');
  addSbomCommands(program, context);
  program.commandsGroup('Content:');
  addRulesCommands(program, context);
  addPolicyCommands(program, context);
  program.commandsGroup('On a device:');
  addDeviceCommands(program, context);
  addShipCommand(program, context);

  return {
    async run(args) {
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
