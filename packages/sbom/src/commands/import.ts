import type { Clock } from '@kydai/contracts';
import { importAdvisories } from '../database/import.ts';
import { SbomError } from '../error.ts';
import { clean, plural } from '../report/text.ts';
import { type CommandIo, type ExitCode, guarded } from './io.ts';

export interface ImportCommand {
  readonly inputs: readonly string[];
  /** Path of the database file. */
  readonly output: string;
  readonly clock: Clock;
}

/** `kydai sbom db import INPUT...`: exit code 0, or 2 with the old database untouched. */
export function runImport(options: ImportCommand, io: CommandIo): Promise<ExitCode> {
  return guarded(io, async () => {
    if (options.inputs.length === 0) {
      throw new SbomError('usage', 'name at least one folder, archive or file of advisories to import');
    }
    const started = options.clock.now();
    const summary = await importAdvisories({
      ...options,
      onProgress: ({ phase, source, records }) => {
        if (io.terminal)
          io.err(`\r${phase} ${plural(records, 'record')}  ${clean(source).slice(-50)}\u001b[K`);
      },
    });
    if (io.terminal) io.err('\r\u001b[K');
    const ecosystems = Object.entries(summary.ecosystems)
      .toSorted((a, b) => b[1] - a[1])
      .map(([name, count]) => `${clean(name)} ${count.toLocaleString('en')}`);
    io.out(
      `${plural(summary.advisories, 'advisory', 'advisories')} on ${plural(summary.packages, 'package')} in ${options.output}\n` +
        `  ${ecosystems.join(', ')}\n` +
        `  ${summary.knownExploited} known to be exploited, ${summary.scored} with an epss score, ${summary.withdrawn} withdrawn, ${summary.superseded} superseded\n` +
        `  ${(summary.bytes / 1e6).toFixed(1)} MB, sha256 ${summary.digest}, ${((options.clock.now() - started) / 1000).toFixed(1)} s\n`,
    );
    if (summary.skipped > 0) {
      io.err(`${plural(summary.skipped, 'document')} skipped:\n`);
      for (const each of summary.unreadable.slice(0, 10))
        io.err(`  ${clean(each.source)}: ${clean(each.reason)}\n`);
      if (summary.skipped > 10) io.err('  ...\n');
    }
    return 0;
  });
}
