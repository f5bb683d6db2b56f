import type { Command } from 'commander';
import { runDrill } from '../drill/run.ts';
import { scenarios } from '../drill/scenarios.ts';
import { ShellError } from '../error.ts';
import { styled } from './output.ts';
import type { CommandContext } from './program.ts';

export function addDrillCommand(program: Command, context: CommandContext): void {
  const { output, operator } = context;
  program
    .command('drill')
    .description(`attack the running program for practice: ${scenarios.map(({ name }) => name).join(', ')}`)
    .argument('<scenario>')
    .option('--json', 'print the report as JSON')
    .action(async (name: string, { json }: { json?: boolean }) => {
      const scenario = scenarios.find((each) => each.name === name);
      if (scenario === undefined) {
        throw new ShellError(
          'usage',
          `no drill is called \`${name}\`: ${scenarios.map((each) => each.name).join(', ')}`,
        );
      }
      const client = operator();
      if (!json) {
        output.write(`${styled(output, 'bold', scenario.title)}\n`);
        output.write(`A drill: marked as one, and not counted in the indicators.\n\n`);
      }
      const report = await runDrill(client, scenario);
      if (json) output.write(`${JSON.stringify(report, null, 2)}\n`);
      else {
        for (const { name: hop, after, detail } of report.hops) {
          const time = hop === 'enrolled' ? '' : `${after >= 0 ? '+' : ''}${after} ms`;
          const proof = hop.startsWith('outside:');
          output.write(
            `${time.padStart(9)}  ${styled(output, proof ? 'green' : 'bold', hop.padEnd(20))}  ${detail}\n`,
          );
        }
        const verdict = report.proven
          ? styled(output, 'green', '\nContained, and proven from outside.')
          : styled(output, 'red', '\nNOT contained: at least one outside proof is missing.');
        output.write(`${verdict}\n`);
        if (report.incident) output.write(`${client.addresses.http}/incidents/${report.incident.id}\n`);
      }
      if (!report.proven) context.exit(1);
    });
}
