import type { AccessRequest, CedarUid, PolicyEntity } from '@kydai/contracts';
import { z } from 'zod';
import { parseExactJson } from '../authzen/json.ts';
import { PolicyError } from '../error.ts';
import { type Moment, momentOf } from '../evaluate/moment.ts';
import type { SourceFile } from '../validate/policy-set.ts';

/** `Device::"cam-1"` as text, or `{ "type": "Device", "id": "cam-1" }`. */
const Uid = z.union([
  z.strictObject({ type: z.string(), id: z.string() }),
  z
    .string()
    .regex(/^[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*::".*"$/su, 'expected Type::"id"')
    .transform((text): CedarUid => {
      const quote = text.indexOf('::"');
      return { type: text.slice(0, quote), id: text.slice(quote + 3, -1) };
    }),
]);

const Values = z.custom<PolicyEntity['attrs']>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'expected an object',
);

const Entity = z.strictObject({
  uid: Uid,
  attrs: Values.default({}),
  parents: z.array(Uid).default([]),
  tags: Values.optional(),
});

const Case = z.strictObject({
  name: z.string().min(1),
  principal: Uid,
  action: z.string(),
  resource: Uid,
  context: Values.optional(),
  /** When it is asked, `2026-11-21T08:00:00+07:00`: facts are as fresh as they are then. The file's where left out. */
  now: z.string().optional(),
  /** Entities that this case adds or replaces. */
  entities: z.array(Entity).default([]),
  expect: z.enum(['permitted', 'forbidden', 'not-permitted', 'stale']),
  /** The policies that must be the determining ones; unchecked where left out. */
  by: z.array(z.string()).optional(),
});

const TestFile = z.strictObject({
  /** Entities of every case. */
  entities: z.array(Entity).default([]),
  /** When every case is asked that does not say. */
  now: z.string().optional(),
  cases: z.array(Case).min(1),
});

export interface PolicyTestCase {
  readonly file: string;
  readonly name: string;
  readonly request: AccessRequest;
  readonly entities: readonly PolicyEntity[];
  /** Without it no fact is stale, and actions that ask for the time get none. */
  readonly moment?: Moment;
  readonly expect: 'permitted' | 'forbidden' | 'not-permitted' | 'stale';
  readonly by?: readonly string[];
}

/** Reads a file of policy tests (JSON). Throws a `PolicyError` (`request`, `limit`) that names file and path. */
export function parsePolicyTests({ file, text }: SourceFile): PolicyTestCase[] {
  let parsed: z.infer<typeof TestFile>;
  try {
    parsed = TestFile.parse(parseExactJson(text));
  } catch (error) {
    if (!(error instanceof z.ZodError) && !(error instanceof PolicyError)) throw error;
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const problem =
      issue === undefined ? 'is not valid JSON or too deep' : `${issue.path.join('.')}: ${issue.message}`;
    throw new PolicyError('request', `policy tests do not fit: ${problem}`, { file }, { cause: error });
  }
  const entityOf = ({ tags, ...entity }: z.infer<typeof Entity>): PolicyEntity => ({
    ...entity,
    ...(tags && { tags }),
  });
  return parsed.cases.map(({ name, principal, action, resource, context, entities, expect, by, now }) => ({
    file,
    name,
    request: { principal, action, resource, ...(context && { context }) },
    entities: [...parsed.entities, ...entities].map(entityOf),
    expect,
    ...(by && { by }),
    ...momentIn(file, now ?? parsed.now),
  }));
}

function momentIn(file: string, now: string | undefined): { readonly moment?: Moment } {
  if (now === undefined) return {};
  try {
    return { moment: momentOf(now) };
  } catch (error) {
    throw new PolicyError('request', (error as Error).message, { file }, { cause: error });
  }
}
