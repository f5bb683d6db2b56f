import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadPolicySet, type PolicySet, runPolicyTests } from '@kydai/policy';
import type { Command } from 'commander';
import { z } from 'zod';
import { readPolicies } from '../boot/content.ts';
import { ShellError } from '../error.ts';
import { asJson, orPlaced } from '../policies/candidate.ts';
import { columns, type Output, styled } from './output.ts';
import type { CommandContext } from './program.ts';

const Reloaded = z.object({
  digest: z.string(),
  before: z.string(),
  policies: z.number(),
  cases: z.number(),
  version: z.number().optional(),
});
const Uid = z.object({ type: z.string(), id: z.string() });
const Fact = z.object({ name: z.string(), value: z.unknown().optional() });
const Place = z.object({ file: z.string(), line: z.number(), column: z.number() });
const Deciding = z.object({ id: z.string(), effect: z.string(), reason: z.string().optional() });
const Explanation = z.object({
  decision: z.object({ allowed: z.boolean(), outcome: z.string() }),
  determining: z.array(
    Deciding.extend({
      place: Place,
      conditions: z.array(
        z.object({ condition: z.string(), value: z.union([z.boolean(), z.string()]), facts: z.array(Fact) }),
      ),
    }),
  ),
  remedies: z.array(z.array(z.object({ condition: z.string(), must: z.boolean(), facts: z.array(Fact) }))),
});
const Difference = z.object({
  principal: Uid,
  action: z.string(),
  requests: z.number(),
  resources: z.array(Uid),
  policies: z.array(z.string()),
});
const Replay = z.object({
  candidate: z.string(),
  requests: z.number(),
  same: z.number(),
  unreadable: z.number(),
  drifted: z.number(),
  gains: z.array(Difference),
  loses: z.array(Difference),
});
const Grant = z.object({ principal: Uid, action: z.string(), resource: Uid });
const Blast = z.object({
  loses: z.array(Grant.extend({ by: z.array(z.string()) })),
  gains: z.array(Grant),
  complete: z.boolean(),
});

/** `kydai policy`: the policies of the content folder, and those that the running program decides by. */
export function addPolicyCommands(program: Command, context: CommandContext): void {
  const { output, config, operator } = context;
  const policy = program.command('policy').description('check, try, explain and change the policies');
  const json = (value: unknown) => output.write(`${JSON.stringify(value, null, 2)}\n`);

  policy
    .command('check')
    .description('parse and validate the content folder’s policies; exit 2 with file, line and column')
    .action(() => {
      const set = orPlaced(() => loadedSet(config().content));
      for (const warning of set.warnings) output.write(`${styled(output, 'yellow', 'warning')} ${warning}\n`);
      output.write(`${set.policies.length} policies, set ${set.digest}\n`);
    });

  policy
    .command('test')
    .description(
      'run the cases beside the policies; exit 1 where one fails, or with --strict where one is missing',
    )
    .option('--strict', 'every policy and every condition must be covered')
    .action(({ strict }: { strict?: true }) => {
      const content = readPolicies(config().content);
      const report = orPlaced(() =>
        runPolicyTests(loadedSet(config().content), content.policyTests.map(asJson)),
      );
      for (const { file, name, expected, got } of report.results.filter(({ passed }) => !passed))
        output.write(
          `${styled(output, 'red', 'fails')} ${file}: ${name}: expected ${expected}, got ${got}\n`,
        );
      for (const gap of report.uncovered) output.write(`${styled(output, 'yellow', 'uncovered')} ${gap}\n`);
      const conditions = report.coverage.flatMap((each) => each.conditions);
      const fired = report.coverage.filter((each) => each.fired > 0).length;
      output.write(
        `${report.passed} passed, ${report.failed} failed; ` +
          `${fired} of ${report.coverage.length} policies decide in a case, ` +
          `${report.uncovered.length} gaps in ${conditions.length} conditions\n`,
      );
      if (report.failed > 0 || (strict && report.uncovered.length > 0)) context.exit(1);
    });

  policy
    .command('reload')
    .description('put the content folder’s policies in force; a bad set changes nothing')
    .action(async () => {
      const now = await operator().call('POST', '/api/v1/policies/reload', Reloaded);
      const version = now.version === undefined ? '' : `, bundle version ${now.version}`;
      output.write(
        now.digest === now.before
          ? `nothing changed: set ${now.digest}${version}\n`
          : `set ${now.before} gave way to ${now.digest}: ${now.policies} policies, ${now.cases} cases held${version}\n`,
      );
    });

  policy
    .command('explain')
    .description('why a request is decided as it is, and what would have to change')
    .argument('<principal>', 'such as Device::cam-001')
    .argument('<action>', 'such as publish')
    .argument('<resource>', 'such as Dataset::readings')
    .option('--context <json>', 'context of the request', '{}')
    .option('--json', 'as JSON')
    .action(
      async (
        principal: string,
        action: string,
        resource: string,
        options: { context: string; json?: true },
      ) => {
        const answer = await operator().call('POST', '/api/v1/policies/explain', Explanation, {
          principal: uidOf(principal),
          action,
          resource: uidOf(resource),
          ...(options.context === '{}' ? {} : { context: jsonOf(options.context) }),
        });
        if (options.json) return json(answer);
        writeExplanation(output, answer);
      },
    );

  policy
    .command('replay')
    .description(
      'decide kept decisions again with the content folder’s policies: who gains, who loses; exit 1 where anyone does',
    )
    .option('--hours <n>', 'how far back', Number, 24)
    .option('--json', 'as JSON')
    .action(async (options: { hours: number; json?: true }) => {
      const { schema, policies } = readPolicies(config().content);
      const body = { schema, policies, hours: options.hours };
      const report = await operator().call('POST', '/api/v1/policies/replay', Replay, body);
      if (options.json) return json(report);
      const rows = (word: string, differences: z.infer<typeof Difference>[]) =>
        differences.map((each) => [
          word,
          uidText(each.principal),
          each.action,
          `${each.requests} requests`,
          each.resources.map(uidText).join(', '),
          each.policies.length === 0 ? '' : `by ${each.policies.join(', ')}`,
        ]);
      output.write(columns([...rows('loses', report.loses), ...rows('gains', report.gains)]));
      output.write(
        `${report.requests} decisions again with set ${report.candidate}: ${report.same} the same, ` +
          `${report.drifted} of other facts by now, ${report.unreadable} unreadable\n`,
      );
      if (report.loses.length + report.gains.length > 0) context.exit(1);
    });

  policy
    .command('blast')
    .description('which grants a device would lose by its quarantine')
    .argument('<device>')
    .option('--json', 'as JSON')
    .action(async (device: string, options: { json?: true }) => {
      const radius = await operator().call('POST', '/api/v1/policies/blast', Blast, { device });
      if (options.json) return json(radius);
      output.write(
        columns(
          radius.loses.map(({ action, resource, by }) => [
            'loses',
            action,
            uidText(resource),
            `by ${by.join(', ')}`,
          ]),
        ),
      );
      output.write(
        `${radius.loses.length} grants lost${radius.complete ? '' : ', and more than are listed'}\n`,
      );
    });

  policy
    .command('bundle')
    .description('sign the content folder’s policies for edge sites')
    .argument('<file>', 'where to write the bundle')
    .option('--public-key <file>', 'where to write the key that it verifies with')
    .action(async (file: string, options: { publicKey?: string }) => {
      const Bundle = z.object({ bundle: z.string(), version: z.number(), publicKey: z.string() });
      const made = await operator().call('POST', '/api/v1/policies/bundle', Bundle);
      writeFileSync(file, `${made.bundle}\n`);
      if (options.publicKey !== undefined) writeFileSync(options.publicKey, made.publicKey);
      output.write(`version ${made.version} in ${file}\n`);
    });
}

function loadedSet(content: string): PolicySet {
  const { schema, policies } = readPolicies(content);
  return loadPolicySet({ schema, policies });
}

function writeExplanation(
  output: Output,
  { decision, determining, remedies }: z.infer<typeof Explanation>,
): void {
  const facts = (all: readonly z.infer<typeof Fact>[]) =>
    all
      .map(({ name, value }) => `${name} is ${value === undefined ? 'not known' : JSON.stringify(value)}`)
      .join(', ');
  output.write(`${styled(output, decision.allowed ? 'green' : 'red', decision.outcome)}\n`);
  for (const { effect, id, reason, place, conditions } of determining) {
    output.write(`\n${effect} ${styled(output, 'bold', id)}  ${place.file}:${place.line}\n`);
    if (reason) output.write(`  ${reason}\n`);
    for (const condition of conditions)
      output.write(
        `  ${condition.value}: ${condition.condition}  ${styled(output, 'dim', facts(condition.facts))}\n`,
      );
  }
  if (remedies.length > 0) output.write('\nIt would be allowed if:\n');
  for (const changes of remedies) {
    const each = changes.map(({ condition, must, facts: now }) => {
      const known = now.length === 0 ? '' : ` (now ${facts(now)})`;
      return `${condition} were ${must}${known}`;
    });
    output.write(`  - ${each.join(', and ')}\n`);
  }
  if (!decision.allowed && remedies.length === 0) output.write('\nNo change of facts would allow it.\n');
}

/** `Device::cam-001` or `Device::"cam-001"`. @throws ShellError `usage` */
function uidOf(text: string): z.infer<typeof Uid> {
  const match = /^((?:[A-Za-z_]\w*::)*[A-Za-z_]\w*)::(?:"(.*)"|(.*))$/s.exec(text);
  if (match === null)
    throw new ShellError('usage', `\`${text.slice(0, 100)}\` is no entity; write it as Device::cam-001`);
  return { type: match[1]!, id: match[2] ?? match[3]! };
}

function uidText({ type, id }: z.infer<typeof Uid>): string {
  return `${type}::${JSON.stringify(id)}`;
}

/** JSON, or a file that holds it. @throws ShellError `usage` */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(existsSync(text) ? readFileSync(text, 'utf8') : text);
  } catch (error) {
    throw new ShellError('usage', '`--context` is not JSON', { cause: error });
  }
}
