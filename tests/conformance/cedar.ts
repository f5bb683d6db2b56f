import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CedarUid, CedarValue, PolicyEntity } from '@kydai/contracts';
import { createEngine, EntityStore, loadPolicySet, PolicyError } from '@kydai/policy';
import { MissingCorpus, openCorpus, type SuiteOptions, type SuiteResult } from './corpus.ts';

/**
 * The cases of cedar-policy/cedar-integration-tests: each names policies, a schema, entities and requests with the
 * decision, the determining policies and the failing policies that the reference engine gives.
 */
interface Case {
  readonly policies: string;
  readonly entities: string;
  readonly schema: string;
  readonly shouldValidate: boolean;
  readonly requests: readonly {
    readonly description: string;
    readonly principal: CedarUid;
    readonly action: CedarUid;
    readonly resource: CedarUid;
    readonly context: Record<string, CedarValue>;
    readonly decision: 'allow' | 'deny';
    readonly reason: readonly string[];
    readonly errors: readonly string[];
  }[];
}

export async function run(options: SuiteOptions): Promise<SuiteResult> {
  const root = await openCorpus(options.corpus ?? join(options.shared, 'cedar-corpus.tar.gz'));
  const result = { passed: 0, failed: 0, failures: [] as string[] };
  const files = caseFiles(root);
  if (files.length === 0) throw new MissingCorpus(`\`${root}\` holds no cases`);
  for (const file of files) {
    const failures: string[] = [];
    let checks = 1;
    try {
      const parsed = readJson(join(root, file)) as Case;
      checks = parsed.requests.length + 1;
      failures.push(...runCase(join(root, file), parsed));
    } catch (error) {
      failures.push(...Array<string>(checks).fill(`cannot be read: ${String(error)}`));
    }
    result.passed += checks - failures.length;
    result.failed += failures.length;
    result.failures.push(...failures.map((failure) => `${file}: ${failure}`));
  }
  return result;
}

/** Case files in any folder: JSON objects that name policies and requests. */
function caseFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(
      (name) => name.endsWith('.json') && !name.endsWith('.entities.json') && !name.includes('sample-data'),
    )
    .filter((name) => readFileSync(join(root, name), 'utf8').includes('"requests"'))
    .sort();
}

function runCase(file: string, test: Case): string[] {
  const text = (path: string) => readFileSync(locate(file, path), 'utf8');
  const schema = { file: test.schema, text: text(test.schema) };
  const policies = [{ file: test.policies, text: text(test.policies) }];
  const failures: string[] = [];
  if (validates(schema, policies) !== test.shouldValidate) {
    failures.push(`expected validation to ${test.shouldValidate ? 'pass' : 'fail'}`);
  }
  const policySet = loadPolicySet({ schema, policies, validate: false });
  const names = new Map(policySet.policies.map(({ id, position }) => [id, `policy${position - 1}`]));
  const entities = new EntityStore({ schema: policySet.schema });
  entities.upsertAll(readJson(locate(file, test.entities)) as PolicyEntity[]);
  const engine = createEngine({ policySet, entities, strictForbid: false });
  for (const request of test.requests) {
    let got: string;
    try {
      const decision = engine.authorize(request);
      got = answer(
        decision.allowed ? 'allow' : 'deny',
        decision.determining.map(({ id }) => names.get(id)!),
        decision.failures.map(({ id }) => names.get(id)!),
      );
    } catch (error) {
      got = String(error);
    }
    const expected = answer(request.decision, request.reason, request.errors);
    if (got !== expected) failures.push(`${request.description}: expected ${expected}, got ${got}`);
  }
  return failures;
}

function validates(
  schema: { file: string; text: string },
  policies: { file: string; text: string }[],
): boolean {
  try {
    loadPolicySet({ schema, policies });
    return true;
  } catch (error) {
    if (error instanceof PolicyError && error.code === 'validate') return false;
    throw error;
  }
}

function answer(decision: string, reasons: readonly string[], errors: readonly string[]): string {
  return `${decision} because of [${[...reasons].sort().join()}], failing [${[...errors].sort().join()}]`;
}

/** Paths in a case count from the corpus's root: the nearest folder above the case from where they lead somewhere. */
function locate(file: string, path: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, path))) return join(folder, path);
  }
  throw new Error(`\`${path}\` is nowhere above the case`);
}

/** JSON with every integer exact: beyond 2^53 as bigint. */
function readJson(path: string): unknown {
  const exact = (_: string, value: unknown, context: { source: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source)
      ? BigInt(context.source)
      : value;
  const parse = JSON.parse as (text: string, reviver: typeof exact) => unknown;
  return parse(readFileSync(path, 'utf8'), exact);
}
