import { type UpdateOptions, updateAdvisories } from '../mirror/update.ts';
import { clean, plural } from '../report/text.ts';
import { type CommandIo, type ExitCode, guarded } from './io.ts';

export type UpdateCommand = Omit<UpdateOptions, 'onDownload' | 'onImport'>;

/** `kydai sbom db update`: exit code 0, or 2 with the old database untouched. */
export function runUpdate(options: UpdateCommand, io: CommandIo): Promise<ExitCode> {
  return guarded(io, async () => {
    let shown = 0;
    const progress = (text: string) => {
      if (io.terminal) io.err(`\r${text}\u001b[K`);
    };
    const summary = await updateAdvisories({
      ...options,
      onDownload({ name, bytes, total, outcome }) {
        if (outcome !== undefined) {
          io.err(`${io.terminal ? '\r\u001b[K' : ''}${clean(name)}: ${megabytes(bytes)}, ${outcome}\n`);
        } else if (Date.now() - shown > 100) {
          shown = Date.now();
          const share = total === undefined ? '' : ` of ${megabytes(total)}`;
          progress(`${clean(name)}: ${megabytes(bytes)}${share}`);
        }
      },
      onImport: ({ phase, records }) => progress(`${phase} ${plural(records, 'record')}`),
    });
    progress('');
    io.out(
      `${plural(summary.advisories, 'advisory', 'advisories')} on ${plural(summary.packages, 'package')} in ${options.output}\n` +
        `  ${summary.knownExploited} known to be exploited, ${summary.scored} with an epss score, sha256 ${summary.digest}\n`,
    );
    if (summary.skipped > 0) io.err(`${plural(summary.skipped, 'document')} skipped\n`);
    return 0;
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
