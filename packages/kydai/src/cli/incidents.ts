import { IncidentPage, IncidentView, Overview, PlaybookRun } from '@kydai/contracts';
import type { Command } from 'commander';
import { columns, duration, styled } from './output.ts';
import type { CommandContext } from './program.ts';

export function addIncidentCommands(program: Command, context: CommandContext): void {
  const { output, operator } = context;
  /** What data carries in both languages, in the one of the setting `language`. */
  const choose = (english: string, vietnamese: string | undefined): string =>
    context.config().language === 'vi' ? (vietnamese ?? english) : english;
  program
    .command('incidents')
    .description('list the incidents that are not closed')
    .option('--all', 'closed ones too')
    .option('--json', 'print JSON')
    .action(async ({ all, json }: { all?: boolean; json?: boolean }) => {
      const page = await operator().call(
        'GET',
        `/api/v1/incidents?state=${all ? 'all' : 'open'}`,
        IncidentPage,
      );
      if (json) return output.write(`${JSON.stringify(page.items, null, 2)}\n`);
      if (page.items.length === 0) return output.write('No open incidents.\n');
      output.write(
        columns(
          page.items.map((incident) => [
            incident.number,
            incident.severity,
            incident.state,
            incident.drill ? 'drill' : '',
            incident.entities
              .map(({ id }) => (id.length > 40 ? `${id.slice(0, 12)}…` : id))
              .slice(0, 3)
              .join(' '),
            choose(incident.title, incident.titleVi),
          ]),
        ),
      );
    });

  program
    .command('approve')
    .description('list the playbook steps that wait for a person, or decide on one')
    .argument('[run]', 'id of the run, or its first characters')
    .argument('[step]', 'id of the step; may be left out where only one waits')
    .option('--refuse', 'refuse the step instead')
    .option('--comment <text>', 'why; kept in the audit log', '')
    .action(
      async (
        run: string | undefined,
        step: string | undefined,
        options: { refuse?: boolean; comment: string },
      ) => {
        const client = operator();
        const { approvals } = await client.call('GET', '/api/v1/overview', Overview);
        if (run === undefined) {
          if (approvals.length === 0) return output.write('No step waits for approval.\n');
          for (const waiting of approvals) {
            const since = duration(Date.now() - waiting.since);
            const name = choose(waiting.stepName, waiting.stepNameVi);
            const command = choose(waiting.command ?? '', waiting.commandVi);
            const reason = choose(waiting.reasonEn ?? waiting.reason, waiting.reason);
            output.write(`${styled(output, 'bold', name)}  ${waiting.incidentNumber}, waits ${since}\n`);
            output.write(`  ${choose(waiting.incidentTitle, waiting.incidentTitleVi)}\n`);
            if (command !== '') output.write(`  ${command}\n`);
            // A task's reason says no more than its command.
            if (waiting.task !== true || command === '') output.write(`  ${reason}\n`);
            output.write(`  kydai approve ${waiting.runId} ${waiting.stepId}\n\n`);
          }
          return;
        }
        const matching = approvals.filter(
          (waiting) => waiting.runId.startsWith(run) && (step === undefined || waiting.stepId === step),
        );
        const [waiting] = matching;
        if (waiting === undefined || matching.length > 1) {
          const found = matching.length === 0 ? 'no waiting step matches' : 'several waiting steps match';
          process.stderr.write(`kydai: ${found} \`${run}\`; \`kydai approve\` lists them\n`);
          return context.exit(2);
        }
        const approved = options.refuse !== true;
        const body = { stepId: waiting.stepId, approved, comment: options.comment };
        const after = await client.call('POST', `/api/v1/runs/${waiting.runId}/approvals`, PlaybookRun, body);
        output.write(
          `${approved ? 'Approved' : 'Refused'}: ${choose(waiting.stepName, waiting.stepNameVi)}. The run is now ${after.state}.\n`,
        );
      },
    );

  program
    .command('incident')
    .description('show one incident with its timeline')
    .argument('<number>', 'such as INC-2026-0001')
    .action(async (number: string) => {
      const client = operator();
      const page = await client.call('GET', '/api/v1/incidents?limit=1000', IncidentPage);
      const incident = page.items.find((each) => each.number === number || each.id === number);
      if (incident === undefined) {
        process.stderr.write(
          `kydai: no incident is called \`${number}\`; \`kydai incidents --all\` lists them\n`,
        );
        return context.exit(2);
      }
      const view = await client.call('GET', `/api/v1/incidents/${incident.id}`, IncidentView);
      output.write(
        `${styled(output, 'bold', `${incident.number}  ${choose(incident.title, incident.titleVi)}`)}\n`,
      );
      output.write(`${incident.severity}, ${incident.state}${incident.drill ? ', drill' : ''}\n\n`);
      output.write(
        columns(
          view.incident.timeline.map((entry) => [
            new Date(entry.at).toISOString(),
            entry.actor,
            entry.code,
            Object.values(entry.values).join('  '),
          ]),
        ),
      );
    });
}
