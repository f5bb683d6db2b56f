import { join } from 'node:path';
import { createDetector, loadRules } from '@kydai/siem';
import type { Program } from '../program.ts';
import { type Checks, command, shell } from './checks.ts';

interface Case {
  readonly yaml: string;
  readonly events: readonly Readonly<Record<string, string | number | boolean | null | string[]>>[];
  /** Null where pySigma refuses the rule. */
  readonly verdicts: readonly boolean[] | null;
}

const oracle = join(import.meta.dirname, 'pysigma.oracle.py');
const seed = '20261122';
const count = 4000;

/** pySigma, SigmaHQ's own reader of rules, and both of our engines agree on made-up rules and events. */
export async function run({ folder }: Program, checks: Checks): Promise<void> {
  const installed = await shell(
    folder,
    'python3 -m pip install -q --target py --no-warn-script-location pysigma==2.0.1',
  );
  checks.equal('pySigma is there', installed.code, 0);
  const made = await command(folder, 'python3', [oracle, seed, String(count)], {
    PYTHONPATH: join(folder, 'py'),
  });
  const cases = made.output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Case);
  checks.equal('it made its cases', cases.length, count);
  let judged = 0;
  for (const one of cases) {
    const { rules, problems } = loadRules([{ file: 'made.yml', text: one.yaml }]);
    // What we take beyond pySigma, and what it takes beyond us (an encoded number), is not compared.
    if (one.verdicts === null || problems.some(({ severity }) => severity === 'error')) continue;
    for (const engine of ['indexed', 'reference'] as const) {
      const detector = createDetector({ rules, clock: { now: () => 0 }, throttle: false, engine });
      const found = one.events.map((fields, id) => {
        const parts = { id: String(id), time: 0, received: 0, source: 's', dataset: 's', raw: '' };
        return detector.process({ ...parts, fields: new Map(Object.entries(fields)) }).length > 0;
      });
      judged += found.length;
      if (found.join() !== one.verdicts.join())
        checks.fail(
          `${engine} says the same`,
          `${one.yaml}\n${JSON.stringify([one.events, one.verdicts, found])}`,
        );
    }
  }
  checks.ok(`most of them are judged (${judged} verdicts)`, judged > 15_000);
}
