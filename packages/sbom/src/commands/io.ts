import { SbomError } from '../error.ts';

/** Exit codes of every `kydai sbom` command: done or passed, failed, could not check. */
export type ExitCode = 0 | 1 | 2;

/** Where a command writes. `err` is for progress and complaints, so that `out` can be piped. */
export interface CommandIo {
  out(text: string): void;
  err(text: string): void;
  /** `out` is a terminal: colours and the width are used only then. */
  readonly terminal?: { readonly columns: number };
}

/** Runs a command; an error on purpose becomes one line and exit code 2. Anything else is a defect and is thrown. */
export async function guarded(io: CommandIo, run: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof SbomError)) throw error;
    io.err(`kydai sbom: ${error.message} (${error.code})\n`);
    return 2;
  }
}
