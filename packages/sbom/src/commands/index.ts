import type { ImportOptions, ImportSummary } from '../database/import.ts';
import type { AttestCommand, VerifyCommand } from './attest.ts';
import type { GateCommand } from './gate.ts';
import type { GenerateCommand } from './generate.ts';
import type { ImportCommand } from './import.ts';
import type { CommandIo, ExitCode } from './io.ts';
import type { OpinionCommand } from './opinion.ts';
import type { UpdateCommand } from './update.ts';
import type { SignCommand, WaiveCommand } from './waive.ts';
import type { WhyCommand } from './why.ts';

/** Each command is loaded when it is run: a pipeline starts this program for every build, and waits for it. */
type Run<Command> = (options: Command, io: CommandIo) => Promise<ExitCode>;

export const runGate: Run<GateCommand> = async (...given) => (await import('./gate.ts')).runGate(...given);

export const runGenerate: Run<GenerateCommand> = async (...given) =>
  (await import('./generate.ts')).runGenerate(...given);

export const runWhy: Run<WhyCommand> = async (...given) => (await import('./why.ts')).runWhy(...given);

export const runAttest: Run<AttestCommand> = async (...given) =>
  (await import('./attest.ts')).runAttest(...given);

export const runVerify: Run<VerifyCommand> = async (...given) =>
  (await import('./attest.ts')).runVerify(...given);

export const runWaive: Run<WaiveCommand> = async (...given) =>
  (await import('./waive.ts')).runWaive(...given);

export const runSign: Run<SignCommand> = async (...given) => (await import('./waive.ts')).runSign(...given);

export const runImport: Run<ImportCommand> = async (...given) =>
  (await import('./import.ts')).runImport(...given);

export const runUpdate: Run<UpdateCommand> = async (...given) =>
  (await import('./update.ts')).runUpdate(...given);

export const runOpinion: Run<OpinionCommand> = async (...given) =>
  (await import('./opinion.ts')).runOpinion(...given);

/** Imports advisories into one database file, see `database/import.ts`. */
export const importAdvisories = async (options: ImportOptions): Promise<ImportSummary> =>
  (await import('../database/import.ts')).importAdvisories(options);
