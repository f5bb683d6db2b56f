import type { Clock } from '@kydai/contracts';
import { openAdvisories } from '../database/open.ts';
import { SbomError } from '../error.ts';
import { type Explanation, explain, type Question } from '../match/explain.ts';
import { clean, painter } from '../report/text.ts';
import { readSubject } from './gate.ts';
import { type CommandIo, type ExitCode, guarded } from './io.ts';

export interface WhyCommand extends Question {
  /** An SBOM, a lockfile or a folder; the current folder unless told. */
  readonly path?: string;
  readonly database: string;
  readonly clock: Clock;
}

/**
 * `kydai sbom why` and `why-not`: the ground for each finding, or for there being none. Exit code 0 when the question
 * has an answer, 2 when the SBOM or the database cannot be read or neither knows what was asked about.
 */
export function runWhy(options: WhyCommand, io: CommandIo): Promise<ExitCode> {
  return guarded(io, async () => {
    if (options.advisory === undefined && options.component === undefined) {
      throw new SbomError('usage', 'name an advisory, a component or both to ask about');
    }
    const database = openAdvisories(options.database);
    try {
      const { bom } = await readSubject(options.path ?? '.', options.clock);
      const { explanations, blind, known } = explain(bom, database, options);
      const paint = painter(io.terminal !== undefined);
      for (const each of explanations.toSorted((a, b) => Number(b.affected) - Number(a.affected))) {
        io.out(`${describe(each, paint)}\n`);
      }
      for (const each of blind)
        io.out(`${paint('yellow', 'not assessed')}  ${clean(each.component)}: ${clean(each.reason)}\n`);
      if (explanations.length === 0 && blind.length === 0) {
        const about = options.component ?? options.advisory ?? '';
        const reason = !known
          ? `the database does not know \`${clean(options.advisory ?? '')}\``
          : `no component here is a package that ${options.advisory ? `\`${clean(options.advisory)}\`` : 'any advisory'} speaks of (\`${clean(about)}\`)`;
        io.out(`${reason}\n`);
        if (!known) return 2;
      }
      io.out(paint('dim', `database sha256 ${database.info.digest}\n`));
      return 0;
    } finally {
      database.close();
    }
  });
}

function describe(each: Explanation, paint: ReturnType<typeof painter>): string {
  const verdict = each.affected ? paint('red', 'affected    ') : paint('green', 'not affected');
  const names = [each.advisory, ...each.aliases].map(clean).join(', ');
  const way = each.path.length > 1 ? `\n              by way of ${each.path.map(clean).join(' > ')}` : '';
  const ranges = each.ranges.map(clean).join('; ') || 'no range';
  const ground = each.affected ? `the version lies in ${ranges}` : `the version lies in none of: ${ranges}`;
  const fixed = each.fixed.length === 0 ? '' : `, fixed in ${each.fixed.map(clean).join(', ')}`;
  return `${verdict}  ${clean(each.component)}  ${names}\n              ${ground} (${each.comparator}${fixed})${way}`;
}
