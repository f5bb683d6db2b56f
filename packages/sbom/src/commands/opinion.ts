import type { Clock } from '@kydai/contracts';
import { openAdvisories } from '../database/open.ts';
import { readBounded } from '../extract/walk.ts';
import { assess } from '../match/assess.ts';
import { compareOpinions } from '../opinion/compare.ts';
import { readOpinions } from '../opinion/read.ts';
import { clean } from '../report/text.ts';
import { readSubject } from './gate.ts';
import { type CommandIo, type ExitCode, guarded } from './io.ts';

export interface OpinionCommand {
  readonly path: string;
  readonly database: string;
  /** Reports of Grype, Trivy or OSV-Scanner. */
  readonly reports: readonly string[];
  readonly format?: 'table' | 'json';
  readonly clock: Clock;
}

/** `kydai sbom second-opinion`: exit code 0 where both sides agree on everything, 1 where not, 2 where one cannot be read. */
export function runOpinion(options: OpinionCommand, io: CommandIo): Promise<ExitCode> {
  return guarded(io, async () => {
    const opinions = options.reports.flatMap((file) =>
      readOpinions(readBounded(file, 512 * 1024 * 1024).toString('utf8'), file),
    );
    const database = openAdvisories(options.database);
    try {
      const { bom, notRead } = await readSubject(options.path, options.clock);
      const assessment = assess(bom, database, { system: options.path, notRead });
      const compared = compareOpinions(bom, assessment, database, opinions);
      if (options.format === 'json') io.out(`${JSON.stringify(compared, null, 2)}\n`);
      else {
        for (const { standing, component, advisory, detail } of compared)
          io.out(`${standing.padEnd(20)}  ${clean(component)}  ${clean(advisory)}  ${clean(detail)}\n`);
      }
      return compared.every(({ standing }) => standing === 'agreed') ? 0 : 1;
    } finally {
      database.close();
    }
  });
}
