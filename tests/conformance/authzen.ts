import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthZenHandler, createEngine, EntityStore, loadPolicySet } from '@kydai/policy';
import { MissingCorpus, openCorpus, type SuiteOptions, type SuiteResult } from './corpus.ts';

/** The decisions of the AuthZEN 1.0 todo interop scenario, asked over the HTTP interface. */
interface Decisions {
  readonly evaluation: readonly { readonly request: unknown; readonly expected: boolean }[];
  readonly evaluations: readonly {
    readonly request: unknown;
    readonly expected: readonly { readonly decision: boolean }[];
  }[];
}

/** The scenario's users: the `sub` of each in its identity provider, e-mail address and roles. */
const users = [
  [
    'CiRmZDA2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs',
    'rick@the-citadel.com',
    'admin evil_genius',
  ],
  ['CiRmZDE2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs', 'morty@the-citadel.com', 'editor'],
  ['CiRmZDI2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs', 'summer@the-smiths.com', 'editor'],
  ['CiRmZDM2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs', 'beth@the-smiths.com', 'viewer'],
  ['CiRmZDQ2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs', 'jerry@the-smiths.com', 'viewer'],
] as const;

export async function run(options: SuiteOptions): Promise<SuiteResult> {
  const root = await openCorpus(options.corpus ?? join(options.shared, 'authzen'));
  const file = join(root, 'todo-decisions.json');
  if (!existsSync(file)) throw new MissingCorpus(`\`${file}\` is not here`);
  const decisions = JSON.parse(readFileSync(file, 'utf8')) as Decisions;
  const handler = scenario();
  const failures: string[] = [];
  for (const { request, expected } of decisions.evaluation) {
    const answer = await ask(handler, '/access/v1/evaluation', request);
    check(failures, request, { decision: expected }, plain(answer));
  }
  for (const { request, expected } of decisions.evaluations) {
    const { evaluations } = (await ask(handler, '/access/v1/evaluations', request)) as {
      evaluations: unknown[];
    };
    check(failures, request, expected, evaluations.map(plain));
  }
  const total = decisions.evaluation.length + decisions.evaluations.length;
  return { passed: total - failures.length, failed: failures.length, failures };
}

function scenario(): (request: Request) => Promise<Response> {
  const source = (name: string) => ({
    file: name,
    text: readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8'),
  });
  const policySet = loadPolicySet({
    schema: source('authzen-todo.cedarschema'),
    policies: [source('authzen-todo.cedar')],
  });
  const entities = new EntityStore({ schema: policySet.schema });
  const role = (id: string) => ({ type: 'Role', id });
  // An administrator may what an editor may, and an editor what a viewer may.
  entities.upsert({ uid: role('admin'), attrs: {}, parents: [role('editor')] });
  entities.upsert({ uid: role('editor'), attrs: {}, parents: [role('viewer')] });
  for (const [id, email, roles] of users) {
    entities.upsert({ uid: { type: 'User', id }, attrs: { email }, parents: roles.split(' ').map(role) });
  }
  const { decide } = createEngine({ policySet, entities });
  return createAuthZenHandler({
    decide,
    entities,
    clock: { now: () => 0 },
    mapping: { assertedProperties: true },
  });
}

async function ask(
  handler: (request: Request) => Promise<Response>,
  path: string,
  body: unknown,
): Promise<unknown> {
  const request = new Request(`http://localhost${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await handler(request)).json();
}

function plain(answer: unknown): { decision: unknown } {
  return { decision: (answer as { decision: unknown }).decision };
}

function check(failures: string[], request: unknown, expected: unknown, got: unknown): void {
  const [want, have] = [JSON.stringify(expected), JSON.stringify(got)];
  if (want !== have) failures.push(`${JSON.stringify(request)}: expected ${want}, got ${have}`);
}
