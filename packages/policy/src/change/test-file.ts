import type { AccessRequest, PolicyEntity } from '@kydai/contracts';
import { z } from 'zod';
import { EntityText, readAs, UidText, Values } from '../entities/read.ts';
import { PolicyError } from '../error.ts';
import { type Moment, momentOf } from '../evaluate/moment.ts';
import type { SourceFile } from '../validate/policy-set.ts';

const Case = z.strictObject({
  name: z.string().min(1),
  principal: UidText,
  action: z.string(),
  resource: UidText,
  context: Values.optional(),
  /** When it is asked, `2026-11-21T08:00:00+07:00`: facts are as fresh as they are then. The file's where left out. */
  now: z.string().optional(),
  /** Entities that this case adds or replaces. */
  entities: z.array(EntityText).default([]),
  expect: z.enum(['permitted', 'forbidden', 'not-permitted', 'stale']),
  /** The policies that must be the determining ones; unchecked where left out. */
  by: z.array(z.string()).optional(),
});

const TestFile = z.strictObject({
  /** Entities of every case. */
  entities: z.array(EntityText).default([]),
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
  const parsed = readAs(TestFile, { file, text }, 'request', 'policy tests');
  return parsed.cases.map(({ name, principal, action, resource, context, entities, expect, by, now }) => ({
    file,
    name,
    request: { principal, action, resource, ...(context && { context }) },
    entities: [...parsed.entities, ...entities],
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
