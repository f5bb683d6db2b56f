import { existsSync, readFileSync } from 'node:fs';
import { loadPolicySet, type PolicySet, runPolicyTests } from '@kydai/policy';
import type { Command } from 'commander';
import { z } from 'zod';
import { readPolicies } from '../boot/content.ts';
import { ShellError } from '../error.ts';
import { asJson, linksOf, orPlaced } from '../policies/candidate.ts';
import { columns, styled } from './output.ts';
import { addBundleCommands } from './policy/bundle.ts';
import { writeTestReport } from './policy/coverage.ts';
import { Explanation, writeExplanation } from './policy/explain.ts';
import type { CommandContext } from './program.ts';

const Reloaded = z.object({
  digest: z.string(),
  before: z.string(),
  policies: z.number(),
  cases: z.number(),
  version: z.number().optional(),
});
const Uid = z.object({ type: z.string(), id: z.string() });
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
  entities: z.number(),
  complete: z.boolean(),
});

interface BlastOptions {
  readonly set?: readonly string[];
  readonly join?: readonly string[];
  readonly leave?: readonly string[];
  readonly remove?: true;
  readonly json?: true;
}

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
    .option('--all', 'every policy and condition, with how often it came to what')
    .action(({ strict, all }: { strict?: true; all?: true }) => {
      const content = readPolicies(config().content);
      const report = orPlaced(() =>
        runPolicyTests(loadedSet(config().content), content.policyTests.map(asJson)),
      );
      writeTestReport(output, report, all === true);
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
        writeExplanation(output, answer, { now: Date.now(), language: config().language });
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
    .description(
      'which grants would flip if something happened to an entity; quarantine, where nothing is said',
    )
    .argument('<entity>', 'a device, or any entity such as User::an, Agency::nuoc')
    .option('--set <name=value...>', 'facts and attributes: risk=90, certified=false (JSON values)')
    .option('--join <group...>', 'groups that it joins: Role::ciso')
    .option('--leave <group...>', 'groups that it leaves')
    .option('--remove', 'it is gone altogether')
    .option('--json', 'as JSON')
    .action(async (entity: string, options: BlastOptions) => {
      const radius = await operator().call(
        'POST',
        '/api/v1/policies/blast',
        Blast,
        happeningOf(entity, options),
      );
      if (options.json) return json(radius);
      const row = (word: string, { principal, action, resource }: z.infer<typeof Grant>, by: string[]) => [
        word,
        uidText(principal),
        action,
        uidText(resource),
        by.length === 0 ? '' : `by ${by.join(', ')}`,
      ];
      output.write(
        columns([
          ...radius.loses.map((grant) => row('loses', grant, grant.by)),
          ...radius.gains.map((grant) => row('gains', grant, [])),
        ]),
      );
      const asked = radius.entities === 1 ? '1 entity' : `${radius.entities} entities`;
      output.write(
        `${radius.loses.length} grants lost, ${radius.gains.length} gained, of ${asked} asked about` +
          `${radius.complete ? '' : '; there are more than are listed'}\n`,
      );
    });

  addBundleCommands(policy, context);
}

function loadedSet(content: string): PolicySet {
  const sources = readPolicies(content);
  return loadPolicySet({ ...sources, links: linksOf(sources) });
}

function happeningOf(entity: string, { set, join, leave, remove }: BlastOptions) {
  const uid = entity.includes('::') ? uidOf(entity) : { type: 'Device', id: entity };
  if (!set && !join && !leave && !remove) return { entity: uid, set: { quarantined: true } };
  const values = (set ?? []).map((each) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(each) ?? [];
    if (name === undefined) throw new ShellError('usage', `\`${each.slice(0, 100)}\` is not name=value`);
    return [name, jsonOr(value!)] as const;
  });
  return {
    entity: uid,
    ...(values.length > 0 && { set: Object.fromEntries(values) }),
    ...(join && { join: join.map(uidOf) }),
    ...(leave && { leave: leave.map(uidOf) }),
    ...(remove && { remove }),
  };
}

/** A JSON value; text that is none stands for itself. */
function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
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
